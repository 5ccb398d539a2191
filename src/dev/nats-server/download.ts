/**
 * GET over HTTP into memory or a file, with bounds on everything: time to the first byte, time in all, size.
 * Says why not in one line that names the host, never the body.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { err, ok, type Result } from '../../lib/result.ts'

export interface DownloadLimits {
  /** Without a network, this is how long we wait to find out. */
  readonly answerMs: number
  readonly totalMs: number
  readonly bytes: number
}

export async function downloadText(url: string, limits: DownloadLimits): Promise<Result<string, string>> {
  const chunks: Uint8Array[] = []
  const done = await download(url, limits, async (chunk) => void chunks.push(chunk))
  return done.ok ? ok(Buffer.concat(chunks).toString('utf8')) : done
}

/** @returns SHA-256 of what was written, lower-case hex. */
export async function downloadFile(url: string, file: string, limits: DownloadLimits): Promise<Result<string, string>> {
  const hash = createHash('sha256')
  const target = await open(file, 'wx')
  try {
    const done = await download(url, limits, async (chunk) => {
      hash.update(chunk)
      await target.writeFile(chunk)
    })
    return done.ok ? ok(hash.digest('hex')) : done
  } finally {
    await target.close()
  }
}

async function download(
  url: string,
  limits: DownloadLimits,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<Result<undefined, string>> {
  const { host } = new URL(url)
  const controller = new AbortController()
  const late = (ms: number): NodeJS.Timeout =>
    setTimeout(() => controller.abort(new Error(`no answer within ${Math.round(ms / 1000)} s`)), ms)
  const total = late(limits.totalMs)
  const answer = late(limits.answerMs)
  try {
    const response = await fetch(url, { signal: controller.signal })
    clearTimeout(answer)
    if (!response.ok) {
      await response.body?.cancel()
      return err(`${host} answered ${response.status}`)
    }
    let bytes = 0
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength
      if (bytes > limits.bytes) return err(`${host} sent more than ${limits.bytes} bytes`)
      await take(chunk)
    }
    return ok(undefined)
  } catch (error) {
    return err(`${host}: ${reasonOf(error)}`)
  } finally {
    clearTimeout(total)
    clearTimeout(answer)
  }
}

/** `fetch` wraps what really happened, sometimes twice. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}
