/**
 * From documents to a snapshot, and the first decision of every principal under it: how both grow with principals and policies.
 * One policy is then changed, as an editor would, and everything is compiled again by the same compiler.
 */
import { stringify } from 'yaml'
import { createCompiler, type Compiler, type SourceText } from '../../src/compile/index.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { sha256Hex, sha256InPieces } from '../../src/serve/sha256.ts'
import { pick, workloadAt } from '../population.ts'
import { heapMb } from '../heap.ts'
import type { Run } from '../run.ts'
import { sampleCalls, type CallSample, timed } from '../sample.ts'
import { median } from '../statistics.ts'

export interface CompileRow {
  readonly principals: number
  readonly policies: number
  /** Of YAML. */
  readonly megabytes: number
  readonly compileMs: number
  /** One document of them changed. */
  readonly changeMs: number
  readonly first: CallSample
  readonly again: CallSample
  /** Documents, compiler, snapshot and the decisions of all principals. */
  readonly heapMb: number
}

export interface CompileSize {
  readonly principals: number
  readonly policies: number
}

export const COMPILE_SIZES: readonly CompileSize[] = [
  { principals: 1_000, policies: 1_000 },
  { principals: 10_000, policies: 1_000 },
  { principals: 100_000, policies: 1_000 },
  { principals: 10_000, policies: 100 },
  { principals: 10_000, policies: 10_000 },
]
const TEAMS = 50
const KNOWN_REPEAT = 100
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

export async function measureCompile(
  sizes: readonly CompileSize[],
  { rounds, say }: Run,
): Promise<readonly CompileRow[]> {
  const rows: CompileRow[] = []
  for (const { principals, policies } of sizes) {
    say(`compile: ${principals} principals, ${policies} policies`)
    rows.push(await measureOne(principals, policies, rounds))
  }
  return rows
}

async function measureOne(principals: number, policies: number, rounds: number): Promise<CompileRow> {
  const before = heapMb()
  const texts = textsFor(principals, policies)
  const everybody = Array.from({ length: principals }, (_, index) => principalAt(index))
  const compileMs: number[] = []
  const changeMs: number[] = []
  let compiler = newCompiler()
  let snapshot = must(compiler, texts)
  for (let round = 0; round < rounds; round += 1) {
    compiler = newCompiler()
    compileMs.push(timed(() => (snapshot = must(compiler, texts))))
    const changed = texts.with(1, { ...texts[1], ...policyText(0, [`team-0/app-0`], `changed-${round}`) })
    changeMs.push(timed(() => (snapshot = must(compiler, changed))))
  }
  const decide = createDecide(sha256Hex)
  // Indexes of the snapshot are made at the first decision of all.
  decide(snapshot, principalAt(principals + 1))
  const first = await sampleCalls(principals, 1, (index) => decide(snapshot, pick(everybody, index)))
  const again = await sampleCalls(principals, KNOWN_REPEAT, (index) => decide(snapshot, pick(everybody, index)))
  const megabytes = texts.reduce((sum, { text }) => sum + text.length, 0) / 1e6
  const held = heapMb() - before
  // What is measured must still be there.
  if (decide(snapshot, pick(everybody, 0)).effect === 'deny' || compiler === undefined)
    throw new Error('the bench’s policy refuses its workloads')
  return {
    principals,
    policies,
    megabytes,
    compileMs: median(compileMs),
    changeMs: median(changeMs),
    first,
    again,
    heapMb: held,
  }
}

export function newCompiler(): Compiler {
  const trustDomains = { local: 'cluster.local', aliases: [] }
  return createCompiler({ trustDomains, forbiddenAccounts: [], hash: sha256Hex, hashing: sha256InPieces })
}

function must(compiler: Compiler, texts: readonly SourceText[]): Snapshot {
  const { snapshot, withheld } = compiler(texts)
  if (snapshot === undefined) throw new Error(`the bench’s policy does not compile: ${withheld}`)
  return snapshot
}

/** The snapshot of a policy as this bench compiles it. */
export function benchSnapshot({ principals, policies }: CompileSize): Snapshot {
  return must(newCompiler(), textsFor(principals, policies))
}

export function textsFor(principals: number, policies: number): readonly SourceText[] {
  const namespaces = Array.from({ length: TEAMS }, (_, team) => ({ namespace: `team-${team}` }))
  const accounts = [{ account: 'BENCH', inbox: 'private', principals: namespaces }]
  const map = stringify({
    apiVersion: API_VERSION,
    kind: 'AccountMap',
    metadata: { name: 'bench' },
    spec: { accounts },
  })
  const members = Array.from({ length: policies }, (): string[] => [])
  for (let index = 0; index < principals; index += 1) members[index % policies]?.push(nameOf(index))
  return [
    { file: 'accounts.yaml', text: map },
    ...members.map((names, index) => policyText(index, names.length === 0 ? [nameOf(index)] : names, 'events')),
  ]
}

/** One policy in two is Istio's, with the route that makes its operations subjects. */
export function policyText(index: number, names: readonly string[], word: string): SourceText {
  const documents = index % 2 === 0 ? [subjectPolicy(index, names, word)] : httpPolicy(index, names)
  return { file: `policy-${index}.yaml`, text: documents.map((document) => stringify(document)).join('---\n') }
}

function httpPolicy(index: number, names: readonly string[]): readonly object[] {
  const metadata = { name: `service-${index}`, namespace: `team-${index % TEAMS}` }
  const labels = { app: `service-${index}` }
  const principals = names.map((name) => `cluster.local/ns/${name.replace('/', '/sa/')}`)
  const operations = [
    { methods: ['GET'], paths: ['/items/*'] },
    { methods: ['POST'], paths: ['/items'] },
  ]
  const rules = [{ from: [{ source: { principals } }], to: operations.map((operation) => ({ operation })) }]
  const prefix = `service-${index}.items`
  const routes = [
    { subject: `${prefix}.create`, method: 'POST', path: '/items' },
    { subject: `${prefix}.{id}.get`, method: 'GET', path: '/items/{id}' },
    { subject: `${prefix}.{id}.lines.{line}.get`, method: 'GET', path: '/items/{id}/lines/{line}' },
    { subject: `${prefix}.{id}.delete`, method: 'DELETE', path: '/items/{id}' },
  ]
  const spec = { workload: { labels, serviceAccount: `service-${index}` }, port: 8080, routes }
  return [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata,
      spec: { selector: { matchLabels: labels }, rules },
    },
    { apiVersion: API_VERSION, kind: 'SubjectRoute', metadata, spec },
  ]
}

function subjectPolicy(index: number, names: readonly string[], word: string): object {
  const spec = {
    principals: names.map((serviceAccount) => ({ serviceAccount })),
    grants: [
      { publish: [`team.${index}.${word}.>`] },
      { subscribe: [`team.${index}.commands.*`, `shared.*.news`] },
      { request: [`team.${index + 1}.api.get`] },
      { respond: [`team.${index}.api.*`], queue: ['api'] },
    ],
  }
  const metadata = { name: `policy-${index}`, namespace: `team-${index % TEAMS}` }
  return { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata, spec }
}

export function nameOf(index: number): string {
  return `team-${index % TEAMS}/app-${index}`
}

function principalAt(index: number): Principal {
  const [namespace = '', name = ''] = nameOf(index).split('/')
  return workloadAt(namespace, name)
}
