/**
 * The log: JSON lines on stdout, gathered for at most a fifth of a second. ERROR means that a person must act;
 * a refused login is everyday business and logged as its decision record at INFO.
 */
import { destination, pino, type Logger } from 'pino'
import type { DecisionRecord } from '../audit/record.ts'
import { createBatch } from './batch.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Log {
  readonly logger: Logger
  decided(record: DecisionRecord): void
  /** Call before the process ends; nothing written afterwards is kept. */
  flush(): void
}

export function createLog(level: LogLevel, version: string): Log {
  const sink = destination({ fd: 1, sync: false })
  const batch = createBatch({
    emit: (text) => void sink.write(text),
    after: (milliseconds, callback) => void setTimeout(callback, milliseconds).unref(),
  })
  const logger = pino(
    {
      level,
      base: { service: 'nats-identity-bridge', version },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":${Date.now()}`,
    },
    batch,
  )
  const decisions = logger.child({ record: 'decision' })
  return {
    logger,
    decided: (record) => decisions.info(record),
    flush() {
      batch.flush()
      sink.flushSync()
    },
  }
}
