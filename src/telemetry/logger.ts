/**
 * The log: JSON lines on stdout, gathered for at most a fifth of a second. ERROR means that a person must act;
 * a refused login is everyday business and logged as its decision record at INFO.
 */
import { pino, type Logger } from 'pino'
import type { DecisionRecord } from '../audit/record.ts'
import { createBatch } from './batch.ts'
import { openLogSink } from './log-sink.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Log {
  readonly logger: Logger
  decided(record: DecisionRecord): void
  /** Call before the process ends, and let it end by itself: what was handed on is still being written. */
  flush(): void
  /** Lines, decision records among them, that could not be written since the start. */
  lost(): number
}

/** Some forty thousand decisions. */
const LONGEST_BACKLOG = 32 * 1024 * 1024

/** @param longestBacklog bytes that may wait for a reader; what is beyond it is lost. */
export function createLog(level: LogLevel, version: string, longestBacklog = LONGEST_BACKLOG): Log {
  const base = { service: 'nats-identity-bridge', version }
  const sink = openLogSink((lines) => {
    const msg = 'the log could not be written for a while: lines are missing here'
    return `${JSON.stringify({ level: 'error', ...base, time: Date.now(), lines, msg })}\n`
  }, longestBacklog)
  const batch = createBatch({
    emit: (text) => sink.write(text),
    after: (milliseconds, callback) => void setTimeout(callback, milliseconds).unref(),
  })
  const logger = pino(
    {
      level,
      base,
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
    flush() {
      batch.flush()
      sink.end()
    },
    lost: () => sink.lost(),
  }
}
