/**
 * Policy sets with the filters that Istio makes of them, and cases with Envoy's answers, kept in files: so that no Go is needed for the
 * proof, and neither Go nor Envoy to try a change of the evaluator. One JSON object a line.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { EnvoyAnswer, Filtered, PolicySet, Request, Transport } from './case.ts'
import { drawBroken } from './draw-broken.ts'
import { drawPolicySet } from './draw-policies.ts'
import { istioFilters } from './istio-filters.ts'
import { recordedFolder } from './places.ts'
import type { AskedCase } from './prove.ts'
import { randomFrom } from './random.ts'

export type Counts = Readonly<Record<Transport | 'unvalidated', number>>

/**
 * @returns new policy sets of this seed with Istio's filters. Those that Istio finds invalid are left out, but for the unvalidated ones,
 * of which only those are left out that cannot be put in force.
 */
export async function drawFiltered(
  seed: number,
  counts: Counts,
  progress: (line: string) => void,
): Promise<Filtered[]> {
  const random = randomFrom(seed)
  const sets: PolicySet[] = []
  for (const transport of ['http', 'tcp'] as const)
    for (let i = 0; i < counts[transport]; i++) sets.push(drawPolicySet(random.fork(), transport))
  for (let i = 0; i < counts.unvalidated; i++) {
    const set = drawBroken(random.fork())
    sets.push({ ...set, transport: random.pick(['http', 'http', 'tcp']), unvalidated: true })
  }
  const made = await istioFilters(sets, progress)
  return sets.flatMap((set, index) => {
    const { filters, verdicts } = made[index]!
    const problem = verdicts.find(({ error }) => error !== undefined)?.error
    if (set.unvalidated === true && hasTemplate(set)) return []
    if (problem === undefined) return [{ ...set, filters }]
    if (set.unvalidated !== true) progress(`left out, Istio says: ${problem}`)
    return set.unvalidated === true && !problem.includes(UNDECODABLE) ? [{ ...set, filters }] : []
  })
}

/** In an error of protobuf's JSON decoder. */
const UNDECODABLE = 'unknown value'

/** On some ill-written ones Envoy aborts, and all of its listeners with it. */
function hasTemplate({ policies }: PolicySet): boolean {
  return JSON.stringify(policies).includes('{*')
}

export async function writeSets(sets: readonly Filtered[]): Promise<void> {
  await writeLines('policies', sets)
}

export function readSets(): Promise<Filtered[]> {
  return readLines<Filtered>('policies')
}

interface RecordedAnswer {
  /** Line of the set among the recorded ones, from 0. */
  readonly set: number
  readonly request: Request
  readonly envoy: EnvoyAnswer
}

/** @param asked of the recorded sets. */
export async function writeAnswers(sets: readonly Filtered[], asked: readonly AskedCase[]): Promise<void> {
  const lines = new Map<PolicySet, number>(sets.map((set, index) => [set, index]))
  const answers = asked.map(({ set, request, envoy }) => ({ set: lines.get(set) ?? -1, request, envoy }))
  await writeLines('answers', answers satisfies RecordedAnswer[])
}

export async function readAnswers(): Promise<AskedCase[]> {
  const sets = await readSets()
  const answers = await readLines<RecordedAnswer>('answers')
  return answers.map(({ set, request, envoy }) => ({ set: sets[set]!, request, envoy }))
}

/** A set of one policy, and what is wrong with it in Istio's words. */
export interface Judged {
  readonly set: PolicySet
  readonly error?: string
}

/** @returns policies of this seed in which something was changed, and Istio's verdicts. */
export async function drawJudged(seed: number, count: number, progress: (line: string) => void): Promise<Judged[]> {
  const random = randomFrom(seed)
  const sets = Array.from({ length: count }, () => drawBroken(random.fork()))
  const made = await istioFilters(sets, progress)
  return sets.map((set, index) => {
    const error = made[index]!.verdicts[0]?.error
    return { set, ...(error === undefined ? {} : { error }) }
  })
}

export async function writeVerdicts(judged: readonly Judged[]): Promise<void> {
  await writeLines('verdicts', judged)
}

export function readVerdicts(): Promise<Judged[]> {
  return readLines<Judged>('verdicts')
}

async function writeLines(name: string, lines: readonly object[]): Promise<void> {
  await mkdir(recordedFolder, { recursive: true })
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(fileOf(name), gzipSync(text, { level: 9 }))
}

async function readLines<Line>(name: string): Promise<Line[]> {
  const text = gunzipSync(await readFile(fileOf(name))).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

function fileOf(name: string): string {
  return join(recordedFolder, `${name}.jsonl.gz`)
}
