/** Asks a nats-server for its version. A file that is no nats-server, or does not run here, has none. */
import { err, ok, type Result } from '../../lib/result.ts'
import { runTool, type Environment } from './tool.ts'

const VERSION_LINE = /^nats-server: v(\d+\.\d+\.\d+\S*)$/m
const TIMEOUT_MS = 10_000

export async function versionOf(binary: string, env: Environment): Promise<Result<string, string>> {
  const output = await runTool(binary, ['--version'], { env, timeoutMs: TIMEOUT_MS })
  if (!output.ok) return output
  const version = VERSION_LINE.exec(output.value)?.[1]
  return version === undefined ? err(`${binary} does not answer --version as nats-server does`) : ok(version)
}
