/** The machine and the parts a run was made with, and whether it was quiet enough to believe the numbers. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { setTimeout as pass } from 'node:timers/promises'
import { machineCpuMicroseconds, openFileLimit } from './process-usage.ts'

export interface Machine {
  readonly cpu: string
  readonly cpus: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly openssl: string
  readonly natsServer: string
  /** Mean number of runnable tasks over the minute before the run. */
  readonly loadAverage: number
  /** Share of all CPUs that other work took in the second before the run, 0 to 1. */
  readonly otherWork: number
  readonly openFiles: number
}

/** Share of the machine above which other work disturbs the run. */
export const OTHER_WORK_LIMIT = 0.1
const LOOK_MS = 1000
/** Sockets of the load process besides its clients, and of nats-server besides its connections. */
const SPARE_FILES = 200

export async function describeMachine(natsServer: string): Promise<Machine> {
  const before = machineCpuMicroseconds()
  await pass(LOOK_MS)
  const otherWork = Math.min(1, (machineCpuMicroseconds() - before) / (LOOK_MS * 1000 * availableParallelism()))
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryGb: totalmem() / 2 ** 30,
    system: `${type()} ${release()}`,
    node: process.version,
    openssl: process.versions.openssl,
    natsServer,
    loadAverage: loadavg()[0] ?? Number.NaN,
    otherWork,
    openFiles: openFileLimit(),
  }
}

export function machineWarnings({ otherWork }: Machine): readonly string[] {
  if (otherWork <= OTHER_WORK_LIMIT) return []
  return [
    `Warning: other work took ${Math.round(otherWork * 100)} % of the machine before the run: wall-clock numbers are too low.`,
  ]
}

/** How many storm clients fit under the limit of open files, and a warning when that is fewer than wanted. */
export function clampClients(
  wanted: number,
  machine: Machine,
): { readonly clients: number; readonly warnings: readonly string[] } {
  const clients = Math.min(wanted, machine.openFiles - SPARE_FILES)
  if (clients === wanted) return { clients, warnings: [] }
  return {
    clients,
    warnings: [
      `Warning: ${wanted} storm clients need ${wanted + SPARE_FILES} open files, the limit is ${machine.openFiles}: only ${clients} were run. Raise it with ulimit -n.`,
    ],
  }
}
