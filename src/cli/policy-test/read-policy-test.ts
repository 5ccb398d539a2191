/**
 * The text of a test file -> the `PolicyTest` documents in it, or every mistake at once, each with line and column. Pure.
 * A file with a mistake is not run in part: what it no longer asserts, nobody would miss.
 */
import { diagnose } from '../../compile/document.ts'
import type { Mistake } from '../../compile/mistake.ts'
import { schemaMistakes } from '../../compile/schema-mistakes.ts'
import { isList, valueAt, type SourceObject } from '../../compile/source-object.ts'
import { readYaml, type SourceText } from '../../compile/yaml/read-yaml.ts'
import { DEFAULT_MESH, type Mesh } from '../../istio/index.ts'
import type { Json } from '../../lib/json.ts'
import { nearest } from '../../lib/nearest.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { quote } from '../../lib/spell.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import { readCase, type Assertion } from './read-case.ts'
import { policyTest } from './schema.ts'

const KIND = 'PolicyTest'

export interface PolicyTest {
  readonly file: string
  readonly name?: string
  /** As written, from the folder of the file; none when the document leaves them to the command line. */
  readonly policies: readonly string[]
  readonly mesh: Mesh
  readonly cases: readonly TestCase[]
}

export interface TestCase {
  readonly name?: string
  /** In the file of the test. */
  readonly line?: number
  readonly assertions: readonly Assertion[]
}

export function readPolicyTests(source: SourceText): Result<readonly PolicyTest[], readonly Diagnostic[]> {
  const { objects, failures } = readYaml(source)
  const read = objects.map((object) => readOne(object, source.file))
  const problems = [
    ...failures,
    ...read.flatMap(({ mistakes, object }) => mistakes.map((mistake) => diagnose(object, mistake))),
  ]
  if (problems.length === 0 && objects.length === 0) problems.push(emptyFile(source.file))
  return problems.length > 0 ? err(problems.toSorted(byLine)) : ok(read.flatMap(({ test }) => test ?? []))
}

interface ReadTest {
  readonly object: SourceObject
  readonly mistakes: readonly Mistake[]
  /** Of no use while there are mistakes. */
  readonly test?: PolicyTest
}

function readOne(object: SourceObject, file: string): ReadTest {
  const other = otherKind(object.value)
  if (other !== undefined) return { object, mistakes: [other] }
  const parsed = policyTest.safeParse(object.value)
  if (!parsed.success || object.mistakes.length > 0) {
    const mistakes = parsed.success ? [] : schemaMistakes(policyTest, object.value, parsed.error.issues)
    return { object, mistakes: [...object.mistakes, ...mistakes] }
  }
  const { metadata, spec } = parsed.data
  const { policies = [] } = spec
  const mesh: Mesh = {
    trustDomain: spec.trustDomain ?? DEFAULT_MESH.trustDomain,
    trustDomainAliases: spec.trustDomainAliases ?? [],
    rootNamespace: spec.rootNamespace ?? DEFAULT_MESH.rootNamespace,
  }
  const mistakes: Mistake[] = []
  const cases = spec.cases.map((fields, index): TestCase => {
    const path = ['spec', 'cases', index]
    const read = readCase(fields, path, mesh.trustDomain)
    mistakes.push(...read.mistakes.map((mistake) => withoutListStep(mistake, object)))
    const line = object.locate(path, false)?.line
    return {
      assertions: read.assertions,
      ...(fields.name === undefined ? {} : { name: fields.name }),
      ...(line === undefined ? {} : { line }),
    }
  })
  const name = metadata === undefined ? {} : { name: metadata.name }
  return { object, mistakes, test: { file, ...name, policies, mesh, cases } }
}

/** A document of policy among the tests: one mistake, and not one for each of its fields. */
function otherKind(value: Json): Mistake | undefined {
  const kind = valueAt(value, ['kind'])
  if (typeof kind !== 'string' || nearest(kind, [KIND], 2) !== undefined) return undefined
  const message = `kind is ${quote(kind)}, expected ${KIND}`
  return { code: 'kind-unknown', message, hint: 'name policies in spec.policies, or with --policies', path: ['kind'] }
}

/** A single text stands where its field does, not in a list. */
function withoutListStep(mistake: Mistake, { value }: SourceObject): Mistake {
  const field = mistake.path.slice(0, -1)
  return typeof mistake.path.at(-1) === 'number' && !isList(valueAt(value, field))
    ? { ...mistake, path: field }
    : mistake
}

function emptyFile(file: string): Diagnostic {
  const hint = 'write a document of kind PolicyTest'
  return { severity: 'error', code: 'file-empty', message: `${file} holds no document`, hint, file }
}

function byLine(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}
