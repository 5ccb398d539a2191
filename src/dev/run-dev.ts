/** `nib dev`: puts the stand-in cluster up, says how to be somebody in it, shows each login, and takes it down at Ctrl-C. */
import { resolve } from 'node:path'
import type { DecisionRecord } from '../audit/record.ts'
import { DevError } from './dev-error.ts'
import { createDevLog } from './dev-log.ts'
import { KubernetesUnavailable } from './kubernetes/index.ts'
import { NatsServerUnavailable } from './nats-server/index.ts'
import type { Output } from './output.ts'
import { SHOP_POLICY_FOLDER } from './shop-policy.ts'
import { startDev } from './start-dev.ts'
import { until } from './deadline.ts'
import { welcome } from './welcome.ts'

export interface RunDevOptions {
  readonly output: Output
  readonly version: string
  /** Default: the example shop. */
  readonly policyFolder?: string
  /** Operator mode instead of config mode. */
  readonly operator: boolean
  /** Default true: requests and answers travel sealed. */
  readonly sealed?: boolean
  /** Of nats-server, default 4222; 0 for a free one. */
  readonly port?: number
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
}

const DEFAULT_PORT = 4222
/** As nats-server spells it. */
const ANY_PORT = -1

/** @returns 0 after Ctrl-C, 1 when it could not be put up, 2 when the policy cannot be used. */
export async function runDev(options: RunDevOptions): Promise<number> {
  const { output, interrupted } = options
  let isWelcomed = false
  try {
    const dev = await startDev({
      policyFolder: resolve(options.policyFolder ?? SHOP_POLICY_FOLDER),
      mode: options.operator ? 'operator' : 'config',
      sealed: options.sealed ?? true,
      port: options.port === 0 ? ANY_PORT : (options.port ?? DEFAULT_PORT),
      version: options.version,
      log: createDevLog((line, isProblem) => {
        if (isProblem || isWelcomed) output.line(output.paint(line, isProblem ? 'bad' : 'dim'))
      }),
      onDecision: (record) => output.line(describeDecision(record, output.paint)),
      progress: (line) => output.line(output.paint(line, 'dim')),
    })
    try {
      const { stop } = await welcome(dev, output)
      isWelcomed = true
      const ended = await Promise.race([until(interrupted), dev.serverEnded.then(() => 'nats-server' as const)])
      stop()
      if (ended !== undefined) throw new DevError('nats-server has ended by itself', { hint: 'start again' })
    } finally {
      await dev.stop()
    }
    output.line('Stopped. Nothing is left behind.')
    return 0
  } catch (problem) {
    return reportProblem(problem, output)
  }
}

/** One line per login, as it happens. */
export function describeDecision(record: DecisionRecord, paint: Output['paint']): string {
  const { effect, code, principal, account, decisionId, durationMs } = record
  const verdict = effect === 'allow' ? paint('let in ', 'good') : paint('refused', 'bad')
  const details = effect === 'allow' ? `account ${account ?? ''}` : code
  return `${verdict}  ${principal ?? 'nobody'}  ${details}  ${paint(`${decisionId}, ${Math.round(durationMs)} ms`, 'dim')}`
}

/** Says what went wrong to the person who started it. @returns the exit code. */
export function reportProblem(problem: unknown, output: Output): number {
  if (problem instanceof DevError) {
    output.diagnostics(problem.diagnostics)
    output.error(problem.message, problem.hint)
    return problem.diagnostics.length > 0 ? 2 : 1
  }
  if (problem instanceof NatsServerUnavailable || problem instanceof KubernetesUnavailable)
    output.error(problem.message, problem.hint)
  else output.error(problem instanceof Error ? problem.message : String(problem))
  return 1
}
