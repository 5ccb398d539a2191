/** The machine and the parts a run was made with, and whether it was quiet enough to believe the numbers. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { openFileLimit } from './process-usage.ts'

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
  readonly openFiles: number
}

/** Of one CPU: above it other work disturbs the run. */
const BUSY_LOAD_PER_CPU = 0.5
/** Sockets of the load process besides its clients, and of nats-server besides its connections. */
const SPARE_FILES = 200

export function describeMachine(natsServer: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryGb: totalmem() / 2 ** 30,
    system: `${type()} ${release()}`,
    node: process.version,
    openssl: process.versions.openssl,
    natsServer,
    loadAverage: loadavg()[0] ?? Number.NaN,
    openFiles: openFileLimit(),
  }
}

export function machineWarnings(machine: Machine): readonly string[] {
  if (machine.loadAverage < machine.cpus * BUSY_LOAD_PER_CPU) return []
  return [
    `Warning: the machine was busy before the run (load average ${machine.loadAverage.toFixed(2)} on ${machine.cpus} CPUs): wall-clock numbers are too low.`,
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
