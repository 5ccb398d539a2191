/** The bridge's log as a person reads it in a terminal: one short line each, only what deserves a look. */
import { pino } from 'pino'
import { isJsonObject } from '../lib/json.ts'
import type { Log } from '../telemetry/logger.ts'

/** @param print called with each line; `isProblem` for warnings and errors. */
export function createDevLog(print: (line: string, isProblem: boolean) => void): Log {
  const logger = pino(
    { level: 'info', base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    {
      write(text: string) {
        const line: unknown = JSON.parse(text)
        if (!isJsonObject(line)) return
        const isProblem = line['level'] !== 'info'
        // At INFO only what the policy and the keys have to say, which comes with a code.
        if (isProblem || line['code'] !== undefined) print(describe(line), isProblem)
      },
    },
  )
  // Decisions are shown by whoever asked for them.
  return { logger, decided: () => undefined, flush: () => undefined, lost: () => 0 }
}

function describe(line: Readonly<Record<string, unknown>>): string {
  const place = wordsOf(line, ['file', 'line']).join(':')
  return [place, ...wordsOf(line, ['msg', 'problem', 'error', 'hint'])].filter((part) => part !== '').join(': ')
}

function wordsOf(line: Readonly<Record<string, unknown>>, fields: readonly string[]): readonly string[] {
  return fields.flatMap((field) => {
    const value = line[field]
    return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
  })
}

/** For runs that show nothing but their own results. */
export function createSilentLog(): Log {
  return { logger: pino({ level: 'silent' }), decided: () => undefined, flush: () => undefined, lost: () => 0 }
}
