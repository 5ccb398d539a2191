/** The bridge's log as it would go to standard output, kept in memory, decisions and all. */
import { pino } from 'pino'
import type { Log } from '../../../src/telemetry/logger.ts'

export interface KeptLog extends Log {
  readonly lines: readonly string[]
  /** The lines that hold this text. */
  having(text: string): readonly string[]
}

export function keepLog(): KeptLog {
  const lines: string[] = []
  const logger = pino(
    { level: 'debug', base: null, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void lines.push(line) },
  )
  const decisions = logger.child({ record: 'decision' })
  return {
    logger,
    lines,
    decided: (record) => decisions.info(record),
    flush: () => undefined,
    lost: () => 0,
    having: (text) => lines.filter((line) => line.includes(text)),
  }
}
