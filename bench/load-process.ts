/** The load generator as the bench sees it: a process of its own that does one job at a time. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stopChild } from './child.ts'
import type { LoginsJob, LoginsResult, StormJob, StormResult } from './load/job.ts'

export interface LoadProcess {
  readonly pid: number
  logins(job: Omit<LoginsJob, 'kind'>): Promise<LoginsResult>
  storm(job: Omit<StormJob, 'kind'>): Promise<StormResult>
  stop(): Promise<void>
}

/** A job that takes this much longer than it should has lost its process. */
const GRACE_MS = 30_000

export async function startLoadProcess(tokensFile: string): Promise<LoadProcess> {
  const child = fork(fileURLToPath(new URL('./load/main.js', import.meta.url)), [tokensFile])
  await once(child, 'message', { signal: AbortSignal.timeout(GRACE_MS) })
  const run = async <T>(job: LoginsJob | StormJob, expectedMs: number): Promise<T> => {
    child.send(job)
    const [result] = (await once(child, 'message', { signal: AbortSignal.timeout(expectedMs + GRACE_MS) })) as [T]
    return result
  }
  return {
    pid: child.pid ?? 0,
    logins: (job) => run({ kind: 'logins', ...job }, job.seconds * 1000),
    storm: (job) => run({ kind: 'storm', ...job }, job.giveUpMs),
    stop: () => stopChild(child),
  }
}
