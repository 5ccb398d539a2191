/**
 * Whole logins against a real nats-server, one set-up after the other. In each, every responder has its own server, and the rounds go
 * round all of them, so that a noisy moment hits all alike; each is warmed up anew before it is measured, since code and heap of a process
 * that stood idle are not what they are under load. Medians over the rounds, of ratios too: what they divide was taken in the same seconds.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cell } from '../cell.ts'
import { createFloorSampler } from '../floor.ts'
import { startLoadProcess, type LoadProcess } from '../load-process.ts'
import { cpuMicroseconds, machineCpuMicroseconds, memoryOf } from '../process-usage.ts'
import type { Responder } from '../responders.ts'
import type { Run } from '../run.ts'
import { openStage, type Stage } from '../stage.ts'
import { median } from '../statistics.ts'

export interface LoginsRow {
  readonly responder: Responder['name']
  readonly cell: string
  readonly inFlight: number
  readonly loginsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
  /** CPU microseconds per login of responder, nats-server and load generator. */
  readonly responderUs: number
  readonly serverUs: number
  readonly loadUs: number
  /** CPU microseconds of the bare crypto calls of one login, taken in the same seconds. */
  readonly floorUs: number
  /** `responderUs` in units of the floor, and of nats-server's own. */
  readonly ofFloor: number
  readonly ofServer: number
  readonly residentMb: number
  /** Share of the machine that processes outside the run took, 0 to 1, the worst round. */
  readonly foreignShare: number
  readonly logins: number
}

type Sample = Omit<LoginsRow, 'responder' | 'cell' | 'inFlight'>

interface Player {
  readonly responder: Responder
  readonly stage: Stage
  readonly floor: () => ReturnType<typeof createFloorSampler>
  readonly samples: Map<number, Sample[]>
  /** File of tokens that the responder has not met, for a cell of new ones. */
  readonly freshTokens: string | undefined
}

const LIMIT_MS = 10_000
const AUTHORIZATION_TIMEOUT = 2
const WARM_UP_IN_FLIGHT = 16
const WARM_UP_TURNS = 10
/** More logins of new tokens a second than anybody gets through here. */
const FRESH_PER_SECOND = 2_000
const FRESH_WARM_UP_SECONDS = 1
const WARM_AGAIN_SECONDS = 1

export async function measureLogins(run: Run): Promise<readonly LoginsRow[]> {
  const freshTokens = await mintFreshTokens(run)
  const load = await startLoadProcess(run.tokensFile)
  const rows: LoginsRow[] = []
  try {
    for (const cell of run.cells) rows.push(...(await measureCell(run, cell, load, freshTokens)))
  } finally {
    await load.stop()
  }
  return rows
}

async function measureCell(
  run: Run,
  cell: Cell,
  load: LoadProcess,
  freshTokens: string | undefined,
): Promise<readonly LoginsRow[]> {
  const players: Player[] = []
  try {
    for (const responder of run.responders) {
      if (cell.mode === 'operator' && !responder.everywhere) continue
      run.say(`logins: ${cell.name}, ${responder.name}: warming up`)
      const stage = await openStage({ ...run, cell, responder, authorizationTimeout: AUTHORIZATION_TIMEOUT })
      const player: Player = {
        responder,
        stage,
        floor: () => createFloorSampler(run.world, cell.size, cell.sealed),
        samples: new Map(),
        freshTokens: cell.tokens === 'new' ? freshTokens : undefined,
      }
      players.push(player)
      await warmUp(player, load, run.warmUpSeconds)
    }
    for (let round = 1; round <= run.rounds; round += 1) {
      run.say(`logins: ${cell.name}, round ${round} of ${run.rounds}`)
      for (const player of players) await playRound(player, load, run.seconds)
    }
  } finally {
    await Promise.all(players.map(({ stage }) => stage.stop()))
  }
  return players.flatMap(({ responder, samples }) =>
    [...samples].map(([inFlight, all]) => ({
      responder: responder.name,
      cell: cell.name,
      inFlight,
      ...summarise(all),
    })),
  )
}

/** One file for all: each responder meets each of them once. */
async function mintFreshTokens(run: Run): Promise<string | undefined> {
  if (run.cells.every(({ tokens }) => tokens === 'known')) return undefined
  const inFlights = Math.max(...run.responders.map(({ inFlight }) => inFlight.length))
  const count = FRESH_PER_SECOND * (run.rounds * (run.seconds + WARM_AGAIN_SECONDS) * inFlights + FRESH_WARM_UP_SECONDS)
  run.say(`logins: making ${count} tokens`)
  const file = join(run.folder, 'fresh-tokens.txt')
  writeFileSync(file, (await run.world.mint(count)).join('\n'), { mode: 0o600 })
  return file
}

/** Until the code is compiled and every token was met; a crowded machine needs more than the time given. */
async function warmUp({ stage, responder, freshTokens }: Player, load: LoadProcess, seconds: number): Promise<void> {
  const job = { port: stage.port, inFlight: WARM_UP_IN_FLIGHT, seconds, limitMs: LIMIT_MS }
  for (let logins = 0, turn = 0; logins < responder.warmUpLogins && turn < WARM_UP_TURNS; turn += 1) {
    logins += (await load.logins(job)).logins
  }
  if (freshTokens !== undefined) await load.logins({ ...job, seconds: FRESH_WARM_UP_SECONDS, freshTokens })
}

async function playRound(player: Player, load: LoadProcess, seconds: number): Promise<void> {
  for (const inFlight of player.responder.inFlight) {
    const sample = await measureOnce(player, load, inFlight, seconds)
    const samples = player.samples.get(inFlight) ?? []
    samples.push(sample)
    player.samples.set(inFlight, samples)
  }
}

async function measureOnce(player: Player, load: LoadProcess, inFlight: number, seconds: number): Promise<Sample> {
  const { stage, floor, freshTokens } = player
  const job = { port: stage.port, inFlight, limitMs: LIMIT_MS, freshTokens }
  await load.logins({ ...job, seconds: WARM_AGAIN_SECONDS })
  const pids = [stage.responderPid, stage.serverPid, load.pid, process.pid]
  const machineBefore = machineCpuMicroseconds()
  const before = pids.map(cpuMicroseconds)
  const sampler = floor()
  const running = load.logins({ ...job, seconds })
  const result = await sampleUntil(running, () => sampler.turn())
  const used = pids.map((pid, index) => cpuMicroseconds(pid) - (before[index] ?? 0))
  const [responder = 0, server = 0, loader = 0] = used
  const foreign = machineCpuMicroseconds() - machineBefore - used.reduce((sum, part) => sum + part, 0)
  const ended = result.logins + result.failures
  return {
    loginsPerSecond: (result.logins * 1000) / result.elapsedMs,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    failures: result.failures,
    responderUs: responder / ended,
    serverUs: server / ended,
    loadUs: loader / ended,
    floorUs: sampler.cpuUs(),
    ofFloor: responder / ended / sampler.cpuUs(),
    ofServer: responder / server,
    residentMb: memoryOf(stage.responderPid).residentMb,
    foreignShare: Math.max(0, foreign / (result.elapsedMs * 1000 * availableParallelism())),
    logins: result.logins,
  }
}

/** Some five milliseconds of floor in every sixty: enough to tell, too little to matter. */
async function sampleUntil<T>(running: Promise<T>, turn: () => void): Promise<T> {
  let ended = false
  void running.finally(() => (ended = true)).catch(() => undefined)
  while (!ended) {
    turn()
    await Promise.race([running.catch(() => undefined), sleep(PAUSE_MS)])
  }
  return running
}

const PAUSE_MS = 60

function summarise(samples: readonly Sample[]): Sample {
  const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick))
  const sum = (pick: (sample: Sample) => number): number => samples.reduce((total, sample) => total + pick(sample), 0)
  return {
    loginsPerSecond: middle((sample) => sample.loginsPerSecond),
    p50Ms: middle((sample) => sample.p50Ms),
    p99Ms: middle((sample) => sample.p99Ms),
    failures: sum((sample) => sample.failures),
    responderUs: middle((sample) => sample.responderUs),
    serverUs: middle((sample) => sample.serverUs),
    loadUs: middle((sample) => sample.loadUs),
    floorUs: middle((sample) => sample.floorUs),
    ofFloor: middle((sample) => sample.ofFloor),
    ofServer: middle((sample) => sample.ofServer),
    residentMb: middle((sample) => sample.residentMb),
    foreignShare: Math.max(...samples.map((sample) => sample.foreignShare)),
    logins: sum((sample) => sample.logins),
  }
}
