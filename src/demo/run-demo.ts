/**
 * The demo: a small shop on a real nats-server, from nothing, in a few seconds. Everything anybody tries is first asked of the
 * policy, then tried, then compared. Ends with 0 only if every line agrees.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { DecisionRecord } from '../audit/record.ts'
import { why } from '../audit/why.ts'
import { until } from '../dev/deadline.ts'
import { createDevFolder } from '../dev/dev-folder.ts'
import { createSilentLog } from '../dev/dev-log.ts'
import type { Output } from '../dev/output.ts'
import { describeDecision, reportProblem } from '../dev/run-dev.ts'
import { SHOP_POLICY_FOLDER } from '../dev/shop-policy.ts'
import { startDev, type RunningDev } from '../dev/start-dev.ts'
import { welcome } from '../dev/welcome.ts'
import type { AskWhy } from './forecast.ts'
import { perform } from './perform.ts'
import { showPerformance, toJson, type Staging } from './show-performance.ts'

export interface RunDemoOptions {
  readonly output: Output
  readonly version: string
  readonly json: boolean
  /** Go on running afterwards, until interrupted. */
  readonly stay: boolean
  readonly operator: boolean
  /** The policy is applied to a real API server, which issues the tokens as well. */
  readonly cluster?: boolean
  /** Default true: requests and answers travel sealed. */
  readonly sealed?: boolean
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
  /** What the policy is asked beforehand; tests put a liar in its place. */
  readonly why?: AskWhy
}

const FREE_PORT = -1
const INTERRUPTED = 130

/** @returns 0 when every line agrees, 1 when one does not or something failed, 130 when interrupted. */
export async function runDemo(options: RunDemoOptions): Promise<number> {
  const { output, interrupted, stay, json } = options
  const copy = await createDevFolder()
  try {
    const policyFolder = join(copy.path, 'policy')
    await cp(SHOP_POLICY_FOLDER, policyFolder, { recursive: true })
    const decisions: DecisionRecord[] = []
    let isPlaying = true
    const started = performance.now()
    const dev = await startDev({
      policyFolder,
      mode: options.operator ? 'operator' : 'config',
      sealed: options.sealed ?? true,
      realCluster: options.cluster ?? false,
      port: FREE_PORT,
      version: options.version,
      log: createSilentLog(),
      onDecision(record) {
        if (isPlaying) decisions.push(record)
        else if (!json) output.line(describeDecision(record, output.paint))
      },
      ...(!json && { progress: (line: string) => output.line(output.paint(line, 'dim')) }),
    })
    try {
      const agrees = await Promise.race([show(dev, decisions, options, started), until(interrupted)])
      if (agrees === undefined) return INTERRUPTED
      isPlaying = false
      if (stay) await stayOn(dev, options)
      return agrees ? 0 : 1
    } finally {
      await dev.stop()
    }
  } catch (problem) {
    return interrupted.aborted ? INTERRUPTED : reportProblem(problem, output)
  } finally {
    await copy.remove()
  }
}

/** @returns whether every line agrees. */
async function show(
  dev: RunningDev,
  decisions: readonly DecisionRecord[],
  options: RunDemoOptions,
  started: number,
): Promise<boolean> {
  const { output, json } = options
  const performed = await perform(dev, decisions, options.why ?? why)
  const staging: Staging = {
    serverVersion: dev.serverVersion,
    mode: dev.deployment.mode,
    sealed: options.sealed ?? true,
    policy: 'deploy/demo/policy',
    ...(dev.cluster.version !== undefined && { kubernetes: dev.cluster.version }),
    seconds: (performance.now() - started) / 1000,
  }
  if (json) output.json(toJson(performed, staging))
  else for (const line of showPerformance(performed, staging, output.paint, options.stay)) output.line(line)
  return [...performed.attempts, ...performed.edit.attemptsAfter].every(({ agrees }) => agrees)
}

async function stayOn(dev: RunningDev, { output, interrupted, json }: RunDemoOptions): Promise<void> {
  const tokens = json ? undefined : await welcome(dev, output)
  await Promise.race([until(interrupted), dev.serverEnded])
  tokens?.stop()
}
