/** `nib dev` and `nib demo`: argv to options, Ctrl-C to an end. */
import { dirname } from 'node:path'
import { runDemo } from '../demo/run-demo.ts'
import { fetchIstioCrds, fetchKubernetes, KubernetesUnavailable } from '../dev/kubernetes/index.ts'
import { findNatsServer, NatsServerUnavailable } from '../dev/nats-server/index.ts'
import { runDev } from '../dev/run-dev.ts'
import { quote } from '../lib/spell.ts'
import type { Output } from './output.ts'
import { packageVersion } from './version.ts'

export interface DevOptions {
  readonly policies?: string
  readonly operator?: true
  readonly plain?: true
  readonly port?: string
  readonly fetchOnly?: true
  readonly kubernetes?: true
}

export interface DemoOptions {
  readonly cluster?: true
  readonly stay?: true
  readonly operator?: true
  readonly plain?: true
  readonly json?: true
}

export async function devCommand(options: DevOptions, output: Output): Promise<number> {
  if (options.fetchOnly) return fetchParts(options, output)
  if (options.kubernetes) {
    output.error('--kubernetes goes with --fetch-only', 'nib dev --fetch-only --kubernetes')
    return 2
  }
  const port = options.port === undefined ? undefined : portOf(options.port)
  if (port === undefined && options.port !== undefined) {
    output.error(`--port ${quote(options.port)} is no port`, 'write a number from 1 to 65535, or 0 for a free one')
    return 2
  }
  return runDev({
    output,
    version: packageVersion(),
    operator: options.operator === true,
    sealed: options.plain !== true,
    interrupted: interruption(),
    ...(options.policies === undefined ? {} : { policyFolder: options.policies }),
    ...(port === undefined ? {} : { port }),
  })
}

/** -1 is how nats-server spells a free one. */
function portOf(text: string): number | undefined {
  const port = text === '-1' ? 0 : /^\d{1,5}$/.test(text) ? Number(text) : Infinity
  return port <= 65_535 ? port : undefined
}

export function demoCommand(options: DemoOptions, output: Output): Promise<number> {
  return runDemo({
    output,
    version: packageVersion(),
    operator: options.operator === true,
    sealed: options.plain !== true,
    cluster: options.cluster === true,
    stay: options.stay === true,
    json: options.json === true,
    interrupted: interruption(),
  })
}

async function fetchParts({ kubernetes }: DevOptions, output: Output): Promise<number> {
  const progress = (line: string): void => output.line(line)
  try {
    const { path, version } = await findNatsServer({ progress })
    output.line(`nats-server ${version} at ${path}`)
    if (kubernetes) {
      const { apiserver, version: release } = await fetchKubernetes({ progress })
      output.line(`kubernetes ${release} at ${dirname(apiserver)}`)
      output.line(`Istio CRDs at ${await fetchIstioCrds({ progress })}`)
    }
    return 0
  } catch (problem) {
    if (!(problem instanceof NatsServerUnavailable || problem instanceof KubernetesUnavailable)) throw problem
    output.error(problem.message, problem.hint)
    return 1
  }
}

/** Aborted at the first Ctrl-C or SIGTERM; a second one ends the process as usual. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return controller.signal
}
