/** What the bridge is meant to reach, beside what this run saw. Pure; judges nothing else than the rows it is given. */
import { CELLS } from './cell.ts'
import type { FloorRow } from './floor.ts'
import type { AnswerRow } from './scenarios/answer.ts'
import type { ClusterRow } from './scenarios/cluster.ts'
import type { CompileRow } from './scenarios/compile.ts'
import type { DecisionRow } from './scenarios/decision.ts'
import type { HttpRow } from './scenarios/http.ts'
import type { LoginsRow } from './scenarios/logins.ts'
import type { PlanRow } from './scenarios/plan.ts'
import type { StormRow } from './scenarios/storm.ts'
import type { WhoCanRow } from './scenarios/who-can.ts'
import { formatNumber, formatRatio } from './table.ts'

export interface Aim {
  readonly aim: string
  readonly wanted: string
  readonly seen: string
  readonly met: boolean
}

export interface Rows {
  readonly floor: readonly FloorRow[]
  readonly decisions: readonly DecisionRow[]
  readonly compiles: readonly CompileRow[]
  readonly whoCan: readonly WhoCanRow[]
  readonly plans: readonly PlanRow[]
  readonly clusters: readonly ClusterRow[]
  readonly http: readonly HttpRow[]
  readonly answers: readonly AnswerRow[]
  readonly logins: readonly LoginsRow[]
  readonly storms: readonly StormRow[]
}

const JUDGED_IN_FLIGHT = 64
const FLOOR_RATIO = { small: 1.25, large: 1.6 } as const
const SERVER_RATIO = 0.5
const BASELINE_RATIO = 100

/** CPU of the bare calls of one login in this cell, microseconds. */
export function floorOf(cellName: string, floor: readonly FloorRow[]): number | undefined {
  const cell = CELLS.find(({ name }) => name === cellName)
  const row = floor.find(({ size }) => size === cell?.size)
  return cell?.sealed === true ? row?.sealed : row?.plain
}

export function judge(rows: Rows): readonly Aim[] {
  const mine = rows.logins.filter(({ responder, inFlight }) => responder === 'bridge' && inFlight === JUDGED_IN_FLIGHT)
  return [
    ...rows.compiles
      .filter(({ principals, policies }) => principals === JUDGED.principals && policies === JUDGED.policies)
      .flatMap(againstScale),
    ...rows.whoCan
      .filter(({ principals, policies }) => principals === JUDGED.principals && policies === JUDGED.policies)
      .map(whoCanAim),
    ...rows.plans
      .filter(({ principals, policies }) => principals === JUDGED.principals && policies === JUDGED.policies)
      .filter(({ edit }) => edit === 'policy')
      .map(planAim),
    ...rows.clusters.map(clusterAim),
    ...rows.http.map(perSecond),
    ...mine.flatMap((row) => [
      ...againstFloor(row, rows.floor),
      againstServer(row),
      ...againstBaseline(row, rows.logins),
    ]),
    ...rows.storms.filter(({ responder }) => responder === 'bridge').map(inStorm),
  ]
}

/** The size that the aims speak of. */
const JUDGED = { principals: 10_000, policies: 1_000 } as const

function againstScale(row: CompileRow): readonly Aim[] {
  const size = `${formatNumber(row.principals)} principals, ${formatNumber(row.policies)} policies`
  const limits: readonly [what: string, seen: number, limit: number, unit: string][] = [
    ['compile', row.compileMs, 1000, 'ms'],
    ['compile again after one edit', row.changeMs, 50, 'ms'],
    ['first decision for a principal, p50', row.first.p50Us, 200, 'µs'],
    ['decision for a known principal', row.again.p50Us, 20, 'µs'],
    ['memory', row.heapMb, 300, 'MB'],
  ]
  return limits.map(([what, seen, limit, unit]) => ({
    aim: `${size}: ${what}`,
    wanted: `≤ ${formatNumber(limit)} ${unit}`,
    seen: `${formatNumber(seen, seen < 10 ? 2 : 0)} ${unit}`,
    met: seen <= limit,
  }))
}

const WHO_CAN_P99_US = 1_000

function whoCanAim({ principals, policies, again }: WhoCanRow): Aim {
  return {
    aim: `${formatNumber(principals)} principals, ${formatNumber(policies)} policies: who-can, p99`,
    wanted: `≤ ${formatNumber(WHO_CAN_P99_US)} µs`,
    seen: `${formatNumber(again.p99Us)} µs`,
    met: again.p99Us <= WHO_CAN_P99_US,
  }
}

const PLAN_MS = 100

function planAim({ principals, policies, planMs }: PlanRow): Aim {
  return {
    aim: `${formatNumber(principals)} principals, ${formatNumber(policies)} policies: plan of one changed document`,
    wanted: `≤ ${formatNumber(PLAN_MS)} ms`,
    seen: `${formatNumber(planMs)} ms`,
    met: planMs <= PLAN_MS,
  }
}

const SERVED_WITHIN_MS = 200

function clusterAim({ serviceAccounts, policies, p50Ms }: ClusterRow): Aim {
  return {
    aim: `cluster of ${formatNumber(serviceAccounts)} ServiceAccounts, ${formatNumber(policies)} policies: change served, p50`,
    wanted: `≤ ${formatNumber(SERVED_WITHIN_MS)} ms`,
    seen: `${formatNumber(p50Ms)} ms`,
    met: p50Ms <= SERVED_WITHIN_MS,
  }
}

const REQUESTS_PER_SECOND = 50_000

function perSecond({ what, perSecond: seen }: HttpRow): Aim {
  return {
    aim: `${what}: requests per second`,
    wanted: `≥ ${formatNumber(REQUESTS_PER_SECOND)}`,
    seen: formatNumber(seen),
    met: seen >= REQUESTS_PER_SECOND,
  }
}

function againstFloor(row: LoginsRow, floor: readonly FloorRow[]): readonly Aim[] {
  const cell = CELLS.find(({ name }) => name === row.cell)
  const bottom = floorOf(row.cell, floor)
  if (cell === undefined || bottom === undefined || cell.mode === 'operator') return []
  const wanted = FLOOR_RATIO[cell.size]
  return [
    atMost(`${row.cell}: CPU per login, of the floor beside the same load`, row.ofFloor, wanted),
    atMost(`${row.cell}: CPU per login, of the floor alone`, row.responderUs / bottom, wanted),
  ]
}

function againstServer(row: LoginsRow): Aim {
  return atMost(`${row.cell}: CPU per login, of nats-server's`, row.ofServer, SERVER_RATIO)
}

function againstBaseline(row: LoginsRow, logins: readonly LoginsRow[]): readonly Aim[] {
  const baseline = logins.find(({ responder, cell }) => responder === 'baseline' && cell === row.cell)
  if (baseline === undefined) return []
  const ratio = baseline.responderUs / row.responderUs
  return [
    {
      aim: `${row.cell}: logins per CPU second, of the baseline's`,
      wanted: `≥ ${formatRatio(BASELINE_RATIO)}`,
      seen: formatRatio(ratio),
      met: ratio >= BASELINE_RATIO,
    },
  ]
}

function atMost(aim: string, ratio: number, limit: number): Aim {
  return { aim, wanted: `≤ ${formatRatio(limit)}`, seen: formatRatio(ratio), met: ratio <= limit }
}

function inStorm(row: StormRow): Aim {
  const counted = row.weather === '5s' ? row.firstAttempt : row.back
  const what = row.weather === '5s' ? 'in at the first attempt' : 'back, none lost for good'
  return {
    aim: `storm ${row.weather}: ${what}`,
    wanted: formatNumber(row.clients),
    seen: formatNumber(counted),
    met: counted === row.clients,
  }
}
