/**
 * The official release of nats-server: its archive, checked against its own SHA256SUMS before anything in it is touched.
 * Gives up within seconds where there is no network.
 */
import { join } from 'node:path'
import { err, type Result, ok } from '../../lib/result.ts'
import { downloadFile, downloadText } from './download.ts'
import { releaseArchive } from './platform.ts'
import { checksumOf } from './sha256-sums.ts'
import { runTool } from './tool.ts'
import type { Fetching } from './fetching.ts'

export const RELEASES_URL = 'https://github.com/nats-io/nats-server/releases/download'

export interface ReleaseLimits {
  readonly answerMs: number
  readonly totalMs: number
}

export const RELEASE_LIMITS: ReleaseLimits = { answerMs: 4_000, totalMs: 120_000 }

const SUMS_BYTES = 65_536
const ARCHIVE_BYTES = 64 * 1024 * 1024
const EXTRACT_MS = 60_000

/** @returns path of the unpacked binary. */
export async function fromRelease(
  fetching: Fetching,
  releasesUrl: string,
  limits: ReleaseLimits,
): Promise<Result<string, string>> {
  const { version, platform, folder, env } = fetching
  const name = releaseArchive(version, platform)
  const base = `${releasesUrl}/v${version}`
  const sums = await downloadText(`${base}/SHA256SUMS`, { ...limits, bytes: SUMS_BYTES })
  if (!sums.ok) return sums
  const expected = checksumOf(sums.value, name)
  if (expected === undefined) return err(`its SHA256SUMS does not list ${name}`)
  const archive = join(folder, name)
  const actual = await downloadFile(`${base}/${name}`, archive, { ...limits, bytes: ARCHIVE_BYTES })
  if (!actual.ok) return actual
  if (actual.value !== expected) return err(`the SHA-256 of ${name} is not the one in its SHA256SUMS`)
  const unpacked = await runTool('tar', ['-xzf', archive, '-C', folder], { env, timeoutMs: EXTRACT_MS })
  return unpacked.ok ? ok(join(folder, name.replace(/\.tar\.gz$/, ''), 'nats-server')) : unpacked
}
