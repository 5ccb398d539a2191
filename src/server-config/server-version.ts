/** Which nats-server understands which setting. Pure. Doubt counts as older: a pre-release is before the release that it leads to. */
import { err, ok, type Result } from '../lib/result.ts'

export interface ServerVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
  readonly preRelease: boolean
}

/** First release with each setting that this room writes. */
export const SINCE = {
  authCallout: '2.10.0',
  allowedAccounts: '2.11.0',
  tokenCookie: '2.11.0',
  defaultSentinel: '2.11.2',
  proxies: '2.12.0',
} as const

export type Release = `${number}.${number}.${number}`

const VERSION = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/

/** Reads `2.15.1`, `v2.15.1`, `2.16.0-RC.1`. */
export function parseServerVersion(text: string): Result<ServerVersion, string> {
  const [, major, minor, patch, preRelease] = VERSION.exec(text) ?? []
  if (major === undefined) return err('expected a version of nats-server, such as 2.15.1')
  return ok({
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    preRelease: preRelease !== undefined,
  })
}

export function isAtLeast(version: ServerVersion, floor: Release): boolean {
  const [major = 0, minor = 0, patch = 0] = floor.split('.').map(Number)
  if (version.major !== major) return version.major > major
  if (version.minor !== minor) return version.minor > minor
  if (version.patch !== patch) return version.patch > patch
  return !version.preRelease
}
