/**
 * `who-can` over many principals and policies: the first question of all, questions asked for the first time, and again.
 * Questions are those of a person: one subject, or the subjects of one service, on both sides. What everybody holds is asked apart.
 */
import { createWhoCan } from '../../src/audit/who-can.ts'
import type { WhoCanQuestion } from '../../src/audit/holders/holder.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { parsePattern } from '../../src/subject/index.ts'
import { heapMb } from '../heap.ts'
import type { Run } from '../run.ts'
import { sampleCalls, type CallSample, timed } from '../sample.ts'
import { median } from '../statistics.ts'
import { benchSnapshot, type CompileSize } from './compile.ts'

export interface WhoCanRow extends CompileSize {
  /** The first question of a snapshot: the index is made. */
  readonly firstMs: number
  /** Questions asked for the first time: decisions are made. */
  readonly fresh: CallSample
  readonly again: CallSample
  /** Lines of an ordinary answer. */
  readonly holders: number
  /** A subject that everybody may subscribe to. */
  readonly everybodyMs: number
  /** The index, and the decisions of everybody. */
  readonly heapMb: number
}

export const WHO_CAN_SIZES: readonly CompileSize[] = [
  { principals: 1_000, policies: 1_000 },
  { principals: 10_000, policies: 1_000 },
]

export async function measureWhoCan(
  sizes: readonly CompileSize[],
  { rounds, say }: Run,
): Promise<readonly WhoCanRow[]> {
  const rows: WhoCanRow[] = []
  for (const { principals, policies } of sizes) {
    say(`who-can: ${principals} principals, ${policies} policies`)
    const measured: Omit<WhoCanRow, keyof CompileSize>[] = []
    for (let round = 0; round < rounds; round += 1) measured.push(await measureOne(principals, policies))
    const middle = (pick: (row: (typeof measured)[number]) => number): number => median(measured.map(pick))
    const calls = (pick: (row: (typeof measured)[number]) => CallSample): CallSample => ({
      callsPerSecond: middle((row) => pick(row).callsPerSecond),
      cpuUs: middle((row) => pick(row).cpuUs),
      p50Us: middle((row) => pick(row).p50Us),
      p99Us: middle((row) => pick(row).p99Us),
    })
    rows.push({
      principals,
      policies,
      firstMs: middle(({ firstMs }) => firstMs),
      fresh: calls(({ fresh }) => fresh),
      again: calls(({ again }) => again),
      holders: middle(({ holders }) => holders),
      everybodyMs: middle(({ everybodyMs }) => everybodyMs),
      heapMb: middle(({ heapMb }) => heapMb),
    })
  }
  return rows
}

async function measureOne(principals: number, policies: number): Promise<Omit<WhoCanRow, keyof CompileSize>> {
  const snapshot = benchSnapshot({ principals, policies })
  const questions = questionsFor(policies)
  const [first, ...others] = questions
  if (first === undefined) throw new RangeError('no questions')
  const before = heapMb()
  const whoCan = createWhoCan(snapshot, [], createDecide(sha256Hex))
  const firstMs = timed(() => whoCan(first))
  const fresh = await sampleCalls(others.length, 1, (index) => whoCan(others[index] ?? first))
  let holders = 0
  const again = await sampleCalls(others.length, 1, (index) => {
    holders += whoCan(others[index] ?? first).holders.length
  })
  const everybody = questionOf('subscribe', 'shared.x.news')
  const everybodyMs = timed(() => whoCan(everybody))
  return { firstMs, fresh, again, holders: holders / others.length, everybodyMs, heapMb: heapMb() - before }
}

function questionsFor(policies: number): readonly WhoCanQuestion[] {
  return Array.from({ length: policies }, (_, index) => index).flatMap((index) =>
    index % 2 === 0
      ? [
          questionOf('publish', `team.${index}.events.created`),
          questionOf('publish', `team.${index}.>`),
          questionOf('subscribe', `team.${index}.commands.stop`),
          questionOf('subscribe', `team.${index}.api.get`),
        ]
      : [
          questionOf('publish', `service-${index}.items.create`),
          questionOf('publish', `service-${index}.items.*.get`),
          questionOf('subscribe', `service-${index}.items.>`),
        ],
  )
}

function questionOf(action: WhoCanQuestion['action'], text: string): WhoCanQuestion {
  const pattern = parsePattern(text)
  if (!pattern.ok) throw new Error(pattern.error)
  return { action, pattern: pattern.value }
}
