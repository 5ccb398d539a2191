/**
 * The log: JSON lines on stdout, buffered, flushed each second and at the end. ERROR means that a person must act;
 * a refused login is everyday business and logged as its decision record at INFO.
 */
import { destination, pino, type Logger } from 'pino'
import type { DecisionRecord } from '../audit/record.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Log {
  readonly logger: Logger
  decided(record: DecisionRecord): void
  /** Call before the process ends; nothing written afterwards is kept. */
  flush(): void
}

const BUFFER_BYTES = 16 * 1024
const FLUSH_MS = 1_000

export function createLog(level: LogLevel, version: string): Log {
  const sink = destination({ fd: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS })
  const logger = pino(
    {
      level,
      base: { service: 'nats-identity-bridge', version },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":${Date.now()}`,
    },
    sink,
  )
  const decisions = logger.child({ record: 'decision' })
  return {
    logger,
    decided: (record) => {
      decisions.info(record)
    },
    flush: () => {
      sink.flushSync()
    },
  }
}
