/** What a process has cost so far, read from /proc: CPU of all its threads, memory. Linux only; refuses to guess elsewhere. */
import { readFileSync } from 'node:fs'

/** Clock ticks per second in /proc (`getconf CLK_TCK`): 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100
const MICROSECONDS_PER_TICK = 1_000_000 / TICKS_PER_SECOND

/** User and system time in microseconds, in steps of 10 ms: measure runs of seconds. */
export function cpuMicroseconds(pid: number): number {
  const stat = readProc(`/proc/${pid}/stat`)
  // The process name, in brackets, may hold blanks: count the fields behind it. utime and stime are fields 14 and 15 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK
}

/** Busy time of all CPUs together in microseconds, whoever used it. */
export function machineCpuMicroseconds(): number {
  const [, user, nice, system, , , irq, softirq, steal] = (readProc('/proc/stat').split('\n')[0] ?? '').split(/\s+/)
  return (
    [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks ?? 0), 0) *
    MICROSECONDS_PER_TICK
  )
}

export interface Memory {
  readonly residentMb: number
  /** Highest since the process started. */
  readonly peakMb: number
}

export function memoryOf(pid: number): Memory {
  const status = readProc(`/proc/${pid}/status`)
  return { residentMb: megabytes(status, 'VmRSS'), peakMb: megabytes(status, 'VmHWM') }
}

/** How many files this process may hold open; Node raises the soft limit to the hard one by itself. */
export function openFileLimit(): number {
  const line = readProc('/proc/self/limits')
    .split('\n')
    .find((text) => text.startsWith('Max open files'))
  const soft = line?.split(/\s{2,}/)[1] ?? '0'
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

function megabytes(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)
  return Number(match?.[1] ?? 0) / 1024
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`cannot read ${path}: the bench measures through /proc and runs on Linux only`, { cause })
  }
}
