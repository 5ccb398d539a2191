/** Cuts a stream of bytes into lines. Refuses a line that is longer than any object can be. */
import { err, ok, type Result } from '../lib/result.ts'

export interface LineCutter {
  /** @returns the lines that are now whole, without their ends; an error once one is too long. */
  push(chunk: Buffer): Result<readonly string[], 'too-long'>
  /** Bytes of the line that is not whole yet. */
  readonly pending: number
}

const NEWLINE = 0x0a

export function createLineCutter(maxBytes: number): LineCutter {
  let parts: Buffer[] = []
  let pending = 0
  return {
    get pending() {
      return pending
    },
    push(chunk) {
      const lines: string[] = []
      let start = 0
      for (;;) {
        const end = chunk.indexOf(NEWLINE, start)
        const part = chunk.subarray(start, end < 0 ? chunk.length : end)
        pending += part.length
        if (pending > maxBytes) return err('too-long')
        if (part.length > 0) parts.push(part)
        if (end < 0) return ok(lines)
        lines.push(Buffer.concat(parts, pending).toString('utf8'))
        parts = []
        pending = 0
        start = end + 1
      }
    },
  }
}
