/** Whole logins, one after the other, at a fixed number in flight. A failed login counts and is not retried. */
import { percentile } from '../statistics.ts'
import { attemptLogin } from './attempt.ts'
import type { LoginsJob, LoginsResult } from './job.ts'

/** @param nextHello what the next client says; nothing when no client is left. */
export async function runLogins(job: LoginsJob, nextHello: () => Uint8Array | undefined): Promise<LoginsResult> {
  const latencies: number[] = []
  const start = performance.now()
  const lastStart = start + job.seconds * 1000
  let failures = 0
  let open = 0
  await new Promise<void>((resolve) => {
    const login = (): void => {
      const dialled = performance.now()
      const hello = dialled < lastStart ? nextHello() : undefined
      if (hello === undefined) {
        if (open === 0) resolve()
        return
      }
      open += 1
      attemptLogin({
        port: job.port,
        hello,
        limitMs: job.limitMs,
        done: (outcome, socket) => {
          open -= 1
          if (outcome === 'in') {
            latencies.push(performance.now() - dialled)
            socket.destroy()
          } else {
            failures += 1
          }
          login()
        },
      })
    }
    for (let index = 0; index < job.inFlight; index += 1) login()
  })
  const elapsedMs = performance.now() - start
  const ascending = Float64Array.from(latencies).sort()
  return {
    logins: latencies.length,
    failures,
    elapsedMs,
    p50Ms: percentile(ascending, 0.5),
    p99Ms: percentile(ascending, 0.99),
  }
}
