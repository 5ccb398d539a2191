/**
 * `nib test`: what somebody asserts of a policy, held against the policy by the engine that decides logins.
 * Exit code 0 when all of it holds, 1 when some does not or too few rules are exercised, 2 when a document is broken.
 */
import { writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { coverageOf, summarise, type Coverage } from '../audit/coverage.ts'
import { readText } from '../files/index.ts'
import { err, type Result } from '../lib/result.ts'
import { createDecide } from '../policy/decide.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Origin } from '../policy/origin.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { readAuthorizationPolicies } from '../compile/index.ts'
import { replayed, type Input } from './input.ts'
import { loadSnapshot, type LoadedSnapshot } from './load-snapshot.ts'
import { sha256Hex } from '../serve/sha256.ts'
import type { Output } from './output.ts'
import { junitXml } from './policy-test/junit.ts'
import { readPolicyTests, type PolicyTest } from './policy-test/read-policy-test.ts'
import { asksOfHttp, runPolicyTest } from './policy-test/run-policy-test.ts'
import type { TestResult, TestRun } from './policy-test/test-run.ts'
import { coverageLines, percentOf, runLines } from './policy-test/show-results.ts'

export interface TestArguments {
  readonly files: readonly string[]
  /** When there are any: in place of those that the documents name. */
  readonly policies: readonly string[]
  readonly json?: true
  /** A file, or `-` for standard output. */
  readonly junit?: string
  readonly coverage?: true
  /** Percent. */
  readonly failUnder?: string
}

/** In place of a file. */
const STDOUT = '-'
const MAX_FILE_BYTES = 1_048_576

export async function testCommand(asked: TestArguments, output: Output, input?: Input): Promise<number> {
  const failUnder = asked.failUnder === undefined ? undefined : Number(asked.failUnder)
  if (failUnder !== undefined && !(failUnder >= 0 && failUnder <= 100)) {
    output.error(`"${asked.failUnder}" is no percentage`, 'write a number from 0 to 100')
    return 2
  }
  if (asked.json && asked.junit === STDOUT) {
    output.error('--json and --junit - both write to standard output', 'give --junit a file')
    return 2
  }
  const { runs, diagnostics } = await runAll(asked, input)
  const results = runs.flatMap(({ cases }) => cases.flatMap((one) => one.results))
  const failed = results.filter(({ passed }) => !passed).length
  const wantsCoverage = asked.coverage === true || failUnder !== undefined
  const coverage = wantsCoverage ? coverageOfRuns(runs) : undefined
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (!asked.json || errors.length > 0) output.diagnostics(diagnostics)
  if (asked.json) output.json(report(runs, diagnostics, coverage))
  if (!asked.json && asked.junit !== STDOUT) {
    for (const run of runs) for (const line of [...runLines(run, output.paint), '']) output.line(line)
    if (coverage !== undefined) for (const line of [...coverageLines(coverage, output.paint), '']) output.line(line)
    const summary = `${results.length - failed} passed, ${failed} failed`
    if (runs.length > 0) output.line(output.paint(summary, failed === 0 ? 'good' : 'bad'))
  }
  if (asked.junit !== undefined && !(await isWritten(asked.junit, junitXml(runs, errors), output))) return 2
  if (errors.length > 0) return 2
  const isUnder = coverage !== undefined && failUnder !== undefined && coverage.percent < failUnder
  if (isUnder) output.error(`the coverage of ${percentOf(coverage)} % is under ${failUnder} %`)
  return failed > 0 || isUnder ? 1 : 0
}

interface AllRuns {
  readonly runs: readonly TestRun[]
  /** Each once, however many tests read the same policies. */
  readonly diagnostics: readonly Diagnostic[]
}

async function runAll(asked: TestArguments, input: Input | undefined): Promise<AllRuns> {
  const diagnostics = new Map<string, Diagnostic>()
  const tell = (list: readonly Diagnostic[]): void => {
    for (const diagnostic of list) {
      const { severity, file, line, column, code, message } = diagnostic
      const key = JSON.stringify([file, line, column, code, message])
      // What the compiler can do without may be what requests depend on.
      if (severity === 'error' || !diagnostics.has(key)) diagnostics.set(key, diagnostic)
    }
  }
  const load = createLoader(replayed(input))
  const decide = createDecide(sha256Hex)
  const runs: TestRun[] = []
  for (const file of new Set(asked.files)) {
    const tests = await readTests(file)
    if (!tests.ok) tell(tests.error)
    for (const test of tests.ok ? tests.value : []) {
      const loaded = await load(test, asked.policies)
      tell(loaded.ok ? loaded.value.diagnostics : loaded.error)
      if (!loaded.ok) continue
      const { snapshot, sources } = loaded.value
      const beside = asksOfHttp(test) ? readAuthorizationPolicies(sources) : { policies: [], diagnostics: [] }
      tell(beside.diagnostics)
      if (beside.policies !== undefined) runs.push(runPolicyTest(test, { snapshot, policies: beside.policies }, decide))
    }
  }
  return { runs, diagnostics: [...diagnostics.values()] }
}

async function readTests(file: string): Promise<Result<readonly PolicyTest[], readonly Diagnostic[]>> {
  const read = await readText(file, MAX_FILE_BYTES)
  if (read.ok) return readPolicyTests({ file, text: read.value.text })
  const hint = 'name files that hold documents of kind PolicyTest'
  return err([{ severity: 'error', code: 'file-unreadable', message: `${file} ${read.error}`, hint, file }])
}

type Load = (test: PolicyTest, instead: readonly string[]) => Promise<Result<LoadedSnapshot, readonly Diagnostic[]>>

/** The same policies are read once, however many tests name them. */
function createLoader(input: Input | undefined): Load {
  const loaded = new Map<string, ReturnType<Load>>()
  return (test, instead) => {
    const { file, mesh } = test
    const paths =
      instead.length > 0 ? instead : test.policies.map((path) => (isAbsolute(path) ? path : join(dirname(file), path)))
    if (paths.length === 0) return Promise.resolve(err([noPolicies(file)]))
    const key = JSON.stringify([paths, mesh])
    const known = loaded.get(key)
    if (known !== undefined) return known
    const loading = loadSnapshot(paths, { ...mesh, input })
    loaded.set(key, loading)
    return loading
  }
}

function noPolicies(file: string): Diagnostic {
  const message = 'the test names no policies'
  const hint = 'write spec.policies, or give --policies'
  return { severity: 'error', code: 'missing-field', message, hint, file }
}

/** Tests of the same snapshot exercise the same rules. */
function coverageOfRuns(runs: readonly TestRun[]): Coverage {
  const bySnapshot = new Map<string, { snapshot: Snapshot; deciding: Origin[]; httpRules: Origin[] }>()
  for (const { snapshot, cases, httpRules } of runs) {
    const group = bySnapshot.get(snapshot.id) ?? { snapshot, deciding: [], httpRules: [] }
    group.httpRules.push(...httpRules)
    group.deciding.push(...cases.flatMap(({ results }) => results.flatMap(({ deciding }) => deciding)))
    bySnapshot.set(snapshot.id, group)
  }
  const all = [...bySnapshot.values()]
  return summarise(all.flatMap(({ snapshot, deciding, httpRules }) => coverageOf(snapshot, deciding, httpRules).rules))
}

function report(runs: readonly TestRun[], diagnostics: readonly Diagnostic[], coverage: Coverage | undefined): object {
  const results = runs.flatMap(({ cases }) => cases.flatMap((one) => one.results))
  const isBroken = diagnostics.some(({ severity }) => severity === 'error')
  return {
    ...(isBroken ? { error: { code: 'documents-refused', message: 'a document is broken' } } : {}),
    passed: results.filter(({ passed }) => passed).length,
    failed: results.filter(({ passed }) => !passed).length,
    diagnostics,
    tests: runs.map(({ test, snapshot, cases }) => ({
      file: test.file,
      ...(test.name === undefined ? {} : { name: test.name }),
      snapshot: snapshot.id,
      results: cases.flatMap((one) => one.results.map((result) => resultOf(result, one.case.name, one.case.line))),
    })),
    ...(coverage === undefined ? {} : { coverage }),
  }
}

function resultOf(result: TestResult, name: string | undefined, line: number | undefined): object {
  const { deciding, ...told } = result
  return {
    ...(name === undefined ? {} : { name }),
    ...(line === undefined ? {} : { line }),
    ...told,
    rules: deciding,
  }
}

async function isWritten(path: string, text: string, output: Output): Promise<boolean> {
  if (path === STDOUT) {
    output.line(text.trimEnd())
    return true
  }
  try {
    await writeFile(path, text)
    return true
  } catch {
    output.error(`cannot write ${path}`, 'does its folder exist?')
    return false
  }
}
