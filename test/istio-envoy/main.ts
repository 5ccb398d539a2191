/**
 * The differential proof by hand. `fetch`: get Envoy. `record`: draw policies, have Istio make filters of them, ask Envoy, keep it all
 * (needs Go).
 * `run`: ask Envoy and our evaluator, show where they
 * differ; exit code 1 when they do. `again`: ask our evaluator only, of cases that a run kept. Compiled and called by `npm run proof:istio`.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findEnvoy } from './envoy-binary.ts'
import { askEvaluator, batchLine } from './evaluator.ts'
import { keepCases, keptCases } from './kept-cases.ts'
import { projectFolder } from './places.ts'
import { askEnvoyCases, compare, type AskedCase } from './prove.ts'
import { drawFiltered, drawJudged, readSets, writeAnswers, writeSets, writeVerdicts } from './record.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Of the requests, and of fresh policies. */
    seed: { type: 'string', default: '20261121' },
    cases: { type: 'string', default: '20000' },
    /** Policies of this seed that are not recorded; needs Go. */
    fresh: { type: 'boolean', default: false },
    http: { type: 'string', default: '700' },
    tcp: { type: 'string', default: '150' },
    unvalidated: { type: 'string', default: '100' },
    /** Policies for Istio's validation to judge. */
    broken: { type: 'string', default: '3000' },
    /** Writes cases with Envoy's answers to this file. */
    keep: { type: 'string' },
    /** Disagreements to show. */
    show: { type: 'string', default: '20' },
    /** Only Envoy's side. */
    envoy: { type: 'boolean', default: false },
    main: { type: 'string', default: join(projectFolder, 'dist', 'main.js') },
  },
})
const say = (line: string): void => void process.stderr.write(`${line}\n`)
const seed = Number(values.seed)
const counts = { http: Number(values.http), tcp: Number(values.tcp), unvalidated: Number(values.unvalidated) }

switch (positionals[0] ?? 'run') {
  case 'fetch':
    await findEnvoy(process.env, say)
    break
  case 'record':
    await record()
    break
  case 'run':
    process.exitCode = (await judge(await ask())) ? 0 : 1
    break
  case 'again':
    process.exitCode = (await judge(await keptCases(positionals[1] ?? ''))) ? 0 : 1
    break
  default:
    say('what to do? fetch, record, run or again FILE')
    process.exitCode = 2
}

async function record(): Promise<void> {
  const sets = await drawFiltered(seed, counts, say)
  const asked = await askEnvoyCases(await findEnvoy(process.env, say), sets, Number(values.cases), seed, say)
  await writeSets(sets)
  await writeVerdicts(await drawJudged(seed, Number(values.broken), say))
  await writeAnswers(sets, asked)
}

async function ask(): Promise<AskedCase[]> {
  const binary = await findEnvoy(process.env, say)
  const sets = values.fresh ? await drawFiltered(seed, counts, say) : await readSets()
  const started = Date.now()
  const asked = await askEnvoyCases(binary, sets, Number(values.cases), seed, say)
  say(`${sets.length} policy sets, seed ${seed}, ${((Date.now() - started) / 1000).toFixed(1)} s for Envoy's side`)
  if (values.keep !== undefined) await keepCases(values.keep, asked)
  return asked
}

/** @returns whether the two agree. */
async function judge(asked: readonly AskedCase[]): Promise<boolean> {
  const ours = values.envoy ? asked.map(() => ({ said: 'not asked' })) : await askEvaluator(values.main, asked)
  const { decided, byDecision, undecided, disagreements } = compare(asked, ours)
  say(`${decided} cases decided by Envoy`)
  for (const [what, count] of [...byDecision].sort()) say(`  ${String(count).padStart(7)}  ${what}`)
  for (const [what, count] of [...undecided].sort()) say(`  ${String(count).padStart(7)}  undecided: ${what}`)
  if (values.envoy) return true
  say(`${disagreements.length} disagreements`)
  for (const { envoy, ours: mine, ...one } of disagreements.slice(0, Number(values.show)))
    process.stdout.write(`${JSON.stringify({ envoy, ours: mine, ...batchLine(one) })}\n`)
  return disagreements.length === 0
}
