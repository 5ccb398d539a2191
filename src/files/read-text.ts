/**
 * Reads one file as UTF-8 text, up to a size limit. Refuses what is no regular file (a pipe would block for ever) and
 * bytes that are not UTF-8. Errors never repeat content.
 */
import { open, stat } from 'node:fs/promises'
import { err, ok, type Result } from '../lib/result.ts'
import { reasonOf } from './listing.ts'

export interface TextFile {
  readonly text: string
  /** Permission bits. */
  readonly mode: number
}

/** @returns the text, or why there is none (a clause to put behind the file's name). */
export async function readText(path: string, maxBytes: number): Promise<Result<TextFile, string>> {
  try {
    const facts = await stat(path)
    if (!facts.isFile()) return err(facts.isDirectory() ? 'is a folder' : 'is not a regular file')
    if (facts.size > maxBytes) return err(`is larger than ${maxBytes} bytes`)
    const bytes = await readBytes(path, facts.size + 1)
    if (bytes.length > facts.size) return err('grew while it was read')
    const text = decodeUtf8(bytes)
    return text === undefined ? err('is not UTF-8 text') : ok({ text, mode: facts.mode & 0o777 })
  } catch (error) {
    return err(reasonOf(error))
  }
}

async function readBytes(path: string, count: number): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(count), 0, count, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
