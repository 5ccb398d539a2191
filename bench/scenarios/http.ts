/**
 * Istio's policies asked about complete HTTP requests: the evaluator alone, and `nib http can --batch` as a pipeline uses it,
 * a process that reads JSON lines and writes one answer for each.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  parseAuthorizationPolicy,
  selectPolicies,
  type RequestFacts,
} from '../../src/istio/index.ts'
import type { Json } from '../../src/lib/json.ts'
import type { Run } from '../run.ts'
import { median } from '../statistics.ts'

export interface HttpRow {
  readonly what: 'evaluator' | 'nib http can --batch'
  readonly requests: number
  readonly perSecond: number
}

const NIB = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const REQUESTS = 100_000
const POLICIES = 3
const WORKLOAD = { namespace: 'shop', labels: { app: 'orders' } }

export async function measureHttp({ rounds, folder, say }: Run): Promise<readonly HttpRow[]> {
  say(`http: ${REQUESTS} requests`)
  const file = join(folder, 'requests.jsonl')
  writeLines(file)
  const evaluator: number[] = []
  const batch: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    evaluator.push(runEvaluator())
    batch.push(await runBatch(file))
  }
  return [
    { what: 'evaluator', requests: REQUESTS, perSecond: median(evaluator) },
    { what: 'nib http can --batch', requests: REQUESTS, perSecond: median(batch) },
  ]
}

/** @returns requests per second, from raw path to rule. */
function runEvaluator(): number {
  const policies = policyDocuments().flatMap((document) => parseAuthorizationPolicy(document).policy ?? [])
  const options = { mesh: DEFAULT_MESH, transport: 'http' } as const
  const { enforced } = compilePolicies(selectPolicies(policies, WORKLOAD, DEFAULT_MESH), options)
  const facts = Array.from({ length: 1000 }, (_, index) => requestOf(index))
  const start = performance.now()
  let allowed = 0
  for (let index = 0; index < REQUESTS; index += 1) {
    const request = completeRequest(facts[index % facts.length] ?? {}, 'http')
    if (request !== undefined && evaluate(enforced, request).decision === 'allow') allowed += 1
  }
  const elapsedMs = performance.now() - start
  if (allowed === 0 || allowed === REQUESTS) throw new Error('the bench’s requests are all decided alike')
  return (REQUESTS * 1000) / elapsedMs
}

/** @returns lines per second, from the start of the process to its end. */
async function runBatch(file: string): Promise<number> {
  const start = performance.now()
  const child = spawn(process.execPath, [NIB, 'http', 'can', '--batch'], { stdio: ['pipe', 'pipe', 'inherit'] })
  createReadStream(file).pipe(child.stdin)
  let lines = 0
  for await (const chunk of child.stdout) lines += String(chunk).split('\n').length - 1
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
  const elapsedMs = performance.now() - start
  if (lines !== REQUESTS)
    throw new Error(`nib http can gave ${lines} answers to ${REQUESTS} requests, exit code ${code}`)
  return (REQUESTS * 1000) / elapsedMs
}

/** As another program would write them: the policies in every line. */
function writeLines(file: string): void {
  const setup = JSON.stringify({ policies: policyDocuments(), workload: WORKLOAD, transport: 'http' }).slice(0, -1)
  const line = (index: number): string => `${setup},"request":${JSON.stringify(requestOf(index))}}\n`
  writeFileSync(file, Array.from({ length: REQUESTS }, (_, index) => line(index)).join(''))
}

function policyDocuments(): readonly Json[] {
  return Array.from({ length: POLICIES }, (_, index) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `policy-${index}`, namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      action: index === 0 ? 'DENY' : 'ALLOW',
      rules: [
        {
          from: [{ source: { principals: [`cluster.local/ns/shop/sa/app-${index}`] } }],
          to: [{ operation: { methods: ['GET', 'POST'], paths: [`/orders/${index}/*`, '/orders/{*}/lines/{**}'] } }],
        },
      ],
    },
  }))
}

function requestOf(index: number): RequestFacts {
  return {
    principal: `spiffe://cluster.local/ns/shop/sa/app-${index % (POLICIES + 2)}`,
    method: index % 3 === 0 ? 'POST' : 'GET',
    path: index % 2 === 0 ? `/orders/${index}/lines/1` : `/orders/${index % POLICIES}/x`,
    host: 'orders.shop.svc.cluster.local',
    destPort: 8080,
  }
}
