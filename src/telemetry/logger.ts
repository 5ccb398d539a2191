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
  /** Call before the process ends, and let it end by itself: what was handed on is still being written. */
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
  // A decision line has the form of the others, but is written in one native call: pino takes a record member by member.
  const head = `{"level":"info","service":"nats-identity-bridge","version":${JSON.stringify(version)},"record":"decision",`
  const isTold = logger.isLevelEnabled('info')
  return {
    logger,
    decided(record) {
      if (isTold) batch.write(`${head}${JSON.stringify(record).slice(1)}\n`)
    },
    // Not flushSync, which would write past, and into, a piece that is on its way.
    flush: () => batch.flush(),
  }
}
