/** Compiles nats-server from its Go module. Takes minutes, and Go checks the module against its checksum database. The last way. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ok, type Result } from '../../lib/result.ts'
import type { Fetching } from './fetching.ts'
import { runTool } from './tool.ts'

const MODULE = 'github.com/nats-io/nats-server/v2'
const BUILD_MS = 15 * 60_000

/** @returns path of the compiled binary. */
export async function fromGo({ version, folder, env }: Fetching): Promise<Result<string, string>> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const goEnv = { ...env, GOBIN: bin, CGO_ENABLED: '0' }
  const built = await runTool('go', ['install', '-trimpath', `${MODULE}@v${version}`], {
    env: goEnv,
    timeoutMs: BUILD_MS,
    cwd: folder,
  })
  return built.ok ? ok(join(bin, 'nats-server')) : built
}
