/** One measurement of many calls in this process: CPU, wall clock, and each call's time. */
import { percentile } from './statistics.ts'

export interface CallSample {
  readonly callsPerSecond: number
  readonly cpuUs: number
  readonly p50Us: number
  readonly p99Us: number
}

/**
 * @param repeat calls timed together, for calls too short for the clock; the percentiles are then of means.
 * @param run awaited only when it gives a promise.
 */
export async function sampleCalls(count: number, repeat: number, run: (index: number) => unknown): Promise<CallSample> {
  const times = new Float64Array(Math.ceil(count / repeat))
  const cpu = process.cpuUsage()
  const start = performance.now()
  for (let slot = 0, index = 0; slot < times.length; slot += 1) {
    const from = performance.now()
    for (const end = Math.min(index + repeat, count); index < end; index += 1) {
      const result = run(index)
      if (result instanceof Promise) await result
    }
    times[slot] = ((performance.now() - from) * 1000) / repeat
  }
  const elapsedMs = performance.now() - start
  const used = process.cpuUsage(cpu)
  times.sort()
  return {
    callsPerSecond: (count * 1000) / elapsedMs,
    cpuUs: (used.user + used.system) / count,
    p50Us: percentile(times, 0.5),
    p99Us: percentile(times, 0.99),
  }
}

/** Milliseconds of one call. */
export function timed(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}
