/** CPU cost of small operations in this process: warmed up, taken in turns so that a noisy moment hits all alike, medians. */
import { median } from './statistics.ts'

export interface Operation {
  readonly name: string
  readonly run: () => unknown
}

export interface MeasureOptions {
  readonly rounds: number
  /** Length of one turn of one operation, milliseconds. */
  readonly turnMs: number
}

/** @returns user and system CPU in microseconds per operation, by name. */
export function cpuPerOperation(
  operations: readonly Operation[],
  options: MeasureOptions,
): ReadonlyMap<string, number> {
  const turns = operations.map(({ name, run }) => ({
    name,
    run,
    times: timesIn(options.turnMs, run),
    seen: [] as number[],
  }))
  for (let round = 0; round < options.rounds; round += 1) {
    for (const turn of turns) turn.seen.push(cpuOf(turn.run, turn.times))
  }
  return new Map(turns.map(({ name, seen }) => [name, median(seen)]))
}

function cpuOf(run: () => unknown, times: number): number {
  const before = process.cpuUsage()
  for (let index = 0; index < times; index += 1) run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / times
}

/** Warms the operation up and finds out how often it fits into the time. */
function timesIn(milliseconds: number, run: () => unknown): number {
  const start = performance.now()
  let times = 0
  while (performance.now() - start < milliseconds) {
    run()
    times += 1
  }
  return times
}
