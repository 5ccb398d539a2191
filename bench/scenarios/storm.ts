/**
 * All clients of a server come back at once. The weathers: nats-server's default limit of 2 s; the same while busy loops take a third of
 * the machine, with the server as it comes and with one that runs a single thread; and the recommended 5 s. Of several rounds the worst is
 * reported: a storm is survived or not.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { CELLS } from '../cell.ts'
import { startChild, type Child } from '../child.ts'
import { startLoadProcess } from '../load-process.ts'
import type { StormResult } from '../load/job.ts'
import { cpuMicroseconds, memoryOf } from '../process-usage.ts'
import type { Responder } from '../responders.ts'
import type { Run } from '../run.ts'
import { openStage } from '../stage.ts'
import type { Weather } from '../weather.ts'

export interface StormRow extends StormResult {
  readonly responder: Responder['name']
  readonly weather: string
  /** CPU microseconds per client that came back. */
  readonly responderUs: number
  readonly serverUs: number
  readonly responderPeakMb: number
  readonly serverPeakMb: number
  /** Share of the machine the busy loops really got. */
  readonly busyShareTaken: number
}

/** Stock clients wait 2 s and up to 100 ms between attempts (nats.go ReconnectWait, nats.js reconnectTimeWait, and their jitter). */
const RETRY_MS = 2000
const JITTER_MS = 100
const GIVE_UP_MS = 120_000
const WARM_UP = { inFlight: 64, seconds: 2, limitMs: 10_000 }

export async function measureStorms(run: Run): Promise<readonly StormRow[]> {
  const rows: StormRow[] = []
  for (const weather of run.weathers) {
    for (const responder of run.responders.filter(({ everywhere }) => everywhere)) {
      const rounds: StormRow[] = []
      // The others are there to compare with, and may stay away for a minute: one round each keeps the run short.
      const count = responder.name === 'bridge' ? run.stormRounds : 1
      for (let round = 1; round <= count; round += 1) {
        run.say(`storm: ${run.clients} clients, ${weather.name}, ${responder.name}, round ${round} of ${count}`)
        rounds.push(await measureOnce(run, responder, weather))
      }
      rows.push(rounds.toSorted((a, b) => badness(b) - badness(a))[0] as StormRow)
    }
  }
  return rows
}

/** Clients that stayed out weigh more than any time. */
function badness(row: StormRow): number {
  return (row.lost + row.away) * GIVE_UP_MS + (Number.isFinite(row.allBackMs) ? row.allBackMs : GIVE_UP_MS)
}

async function measureOnce(run: Run, responder: Responder, weather: Weather): Promise<StormRow> {
  const cell = CELLS[0]
  if (cell === undefined) throw new Error('no cell is defined')
  const load = await startLoadProcess(run.tokensFile)
  const stage = await openStage({ ...run, cell, responder, ...weather })
  const loops: Child[] = []
  try {
    await load.logins({ port: stage.port, ...WARM_UP })
    if (weather.busyShare > 0) loops.push(...startBusyLoops(weather.busyShare, run.folder))
    const pids = [stage.responderPid, stage.serverPid, ...loops.map(({ pid }) => pid)]
    const before = pids.map(cpuMicroseconds)
    const start = performance.now()
    const result = await load.storm({
      port: stage.port,
      clients: run.clients,
      limitMs: weather.limitMs,
      retryMs: RETRY_MS,
      jitterMs: JITTER_MS,
      giveUpMs: GIVE_UP_MS,
    })
    const elapsedUs = (performance.now() - start) * 1000
    const [responderCpu = 0, serverCpu = 0, ...busy] = pids.map(
      (pid, index) => cpuMicroseconds(pid) - (before[index] ?? 0),
    )
    return {
      ...result,
      responder: responder.name,
      weather: weather.name,
      responderUs: responderCpu / result.back,
      serverUs: serverCpu / result.back,
      responderPeakMb: memoryOf(stage.responderPid).peakMb,
      serverPeakMb: memoryOf(stage.serverPid).peakMb,
      busyShareTaken: busy.reduce((sum, cpu) => sum + cpu, 0) / (elapsedUs * availableParallelism()),
    }
  } finally {
    await Promise.all([load.stop(), ...loops.map((loop) => loop.stop())])
    await stage.stop()
  }
}

/** One loop per CPU, each taking the share of its own: one alone would not get its share of a crowded machine. */
function startBusyLoops(share: number, folder: string): readonly Child[] {
  const program = fileURLToPath(new URL('../load/busy-loop.js', import.meta.url))
  const command = { file: process.execPath, args: [program, String(share)] }
  return Array.from({ length: availableParallelism() }, () => startChild('busy-loop', command, folder))
}
