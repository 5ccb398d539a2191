/** `nib dev` and `nib demo`: argv to options, Ctrl-C to an end. */
import { runDemo } from '../demo/run-demo.ts'
import { findNatsServer, NatsServerUnavailable } from '../dev/nats-server/index.ts'
import { runDev } from '../dev/run-dev.ts'
import type { Output } from './output.ts'
import { packageVersion } from './version.ts'

export interface DevOptions {
  readonly policies?: string
  readonly operator?: true
  readonly plain?: true
  readonly port?: number
  readonly fetchOnly?: true
}

export interface DemoOptions {
  readonly stay?: true
  readonly operator?: true
  readonly plain?: true
  readonly json?: true
}

export async function devCommand(options: DevOptions, output: Output): Promise<number> {
  if (options.fetchOnly) return fetchNatsServer(output)
  if (Number.isNaN(options.port)) {
    output.error('--port is not a number')
    return 2
  }
  return runDev({
    output,
    version: packageVersion(),
    operator: options.operator === true,
    sealed: options.plain !== true,
    interrupted: interruption(),
    ...(options.policies === undefined ? {} : { policyFolder: options.policies }),
    ...(options.port === undefined ? {} : { port: options.port }),
  })
}

export function demoCommand(options: DemoOptions, output: Output): Promise<number> {
  return runDemo({
    output,
    version: packageVersion(),
    operator: options.operator === true,
    sealed: options.plain !== true,
    stay: options.stay === true,
    json: options.json === true,
    interrupted: interruption(),
  })
}

async function fetchNatsServer(output: Output): Promise<number> {
  try {
    const { path, version } = await findNatsServer({ progress: (line) => output.line(line) })
    output.line(`nats-server ${version} at ${path}`)
    return 0
  } catch (problem) {
    if (!(problem instanceof NatsServerUnavailable)) throw problem
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
