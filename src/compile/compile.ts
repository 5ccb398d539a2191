/**
 * Policy documents -> one snapshot, and everything their authors should know. Pure.
 * An error in a document that only grants drops that document: less is granted. An error where less text could mean more
 * rights (a DENY, an AccountMap, a ceiling, a file nobody can read) gives no snapshot: the last good one stays in force.
 */
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import { DEFAULT_MESH } from '../istio/index.ts'
import { eachInSteps, finish, flatMapInSteps, sortInSteps, type Steps } from '../lib/steps.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { accountConflicts } from './account-conflicts.ts'
import { diagnose } from './document.ts'
import { dropDuplicates } from './duplicates.ts'
import { API_GROUP, type PolicyDocument } from './kinds/kind.ts'
import type { SourceObject } from './source-object.ts'
import { resolveFamilies, type FamilyObject } from './kinds/families.ts'
import { subjectCeiling } from './kinds/subject-ceiling.ts'
import { serviceAccount, serviceAccountsOf } from './kinds/service-account.ts'
import type { CompileOptions } from './options.ts'
import { createSnapshotBuilder, type SnapshotBuilder } from './snapshot.ts'
import { byPlace, compareTexts, limitPerSource } from './order.ts'
import { createRouteCompiler, type RouteCompiler } from './routes/compile-routes.ts'
import type { RuledRoutes } from './routes/ruled-routes.ts'
import { relatedAndNot, routedDocuments, withDefaulted } from './routes/routed-documents.ts'
import { createReading, type Reading } from './reading.ts'
import type { SourceText } from './yaml/read-yaml.ts'

export interface Compilation {
  /** Absent exactly when `withheld` is present. */
  readonly snapshot?: Snapshot
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[]
  /** Why no snapshot may replace the last good one, one sentence. */
  readonly withheld?: string
  /** Those among the sources: they exist, whether or not a rule names them. */
  readonly serviceAccounts: readonly ServiceAccountRef[]
  /** Workloads with subjects, and the HTTP policies that rule them. */
  readonly routed: readonly RuledRoutes[]
}

/**
 * Remembers what it read: of the same file with the same text, and of the same object, nothing is read or checked twice.
 * `objects` are of sources that hold no text, as the Kubernetes API. @throws never, whatever the sources hold.
 */
export type Compiler = (texts: readonly SourceText[], objects?: readonly SourceObject[]) => Compilation

/** The same in steps, between which others may have their turn. One that is put aside for ever harms no later one. */
export type StepwiseCompiler = (texts: readonly SourceText[], objects?: readonly SourceObject[]) => Steps<Compilation>

export function createCompiler(options: CompileOptions): Compiler {
  const compile = createStepwiseCompiler(options)
  return (texts, objects) => finish(compile(texts, objects))
}

export function createStepwiseCompiler(options: CompileOptions): StepwiseCompiler {
  const reading = createReading(options)
  const compileRoutes = createRouteCompiler({
    trustDomain: options.trustDomains.local,
    trustDomainAliases: options.trustDomains.aliases,
    rootNamespace: rootNamespaceOf(options),
  })
  const buildSnapshot = createSnapshotBuilder(options)
  return function* (texts, others = []) {
    const files = yield* reading.files(texts.toSorted((a, b) => compareTexts(a.file, b.file)))
    return yield* compileObjects(
      [...files.flatMap(({ objects }) => objects), ...others],
      files.flatMap(({ failures }) => failures),
      options,
      { reading, compileRoutes, buildSnapshot },
    )
  }
}

interface Memory {
  readonly reading: Reading
  readonly compileRoutes: RouteCompiler
  readonly buildSnapshot: SnapshotBuilder
}

function rootNamespaceOf({ rootNamespace = DEFAULT_MESH.rootNamespace }: CompileOptions): string {
  return rootNamespace
}

export function compile(texts: readonly SourceText[], options: CompileOptions): Compilation {
  return createCompiler(options)(texts)
}

/** @param failures what could not be read, and why */
function* compileObjects(
  objects: readonly SourceObject[],
  failures: readonly Diagnostic[],
  options: CompileOptions,
  { reading, compileRoutes, buildSnapshot }: Memory,
): Steps<Compilation> {
  const diagnostics: Diagnostic[] = [...failures]
  const blocking: Diagnostic[] = [...failures]
  const documents: PolicyDocument[] = []
  const members: FamilyObject[] = []
  const pending = [...objects]
  // Grows while it is walked: lists put their items behind.
  for (const object of pending) {
    const envelope = reading.envelope(object)
    if (envelope.is === 'known') documents.push(yield* reading.document(envelope.kind, object))
    else if (envelope.is === 'member') members.push({ entry: envelope.entry, object })
    else if (envelope.is === 'list') for (const item of envelope.items) pending.push(item)
    else if (envelope.is !== 'foreign') {
      const diagnostic = diagnose(object, envelope.mistake)
      diagnostics.push(diagnostic)
      if (envelope.is === 'unclear') blocking.push(diagnostic)
    }
    yield
  }

  const besideOurs = documents.some(({ kind }) => kind.group === API_GROUP)
  const { related, unrelated } = relatedAndNot(documents, rootNamespaceOf(options))
  yield
  if (besideOurs) diagnostics.push(...(yield* faultsOfUnrelated(unrelated)))
  const { kept, dropped } = yield* dropDuplicates(related)
  yield* eachInSteps([...kept, ...dropped], (document) => {
    diagnostics.push(...document.diagnostics)
    if (document.rules !== undefined || document.kind.onlyGrants(document.object)) return
    blocking.push(...document.diagnostics.filter(({ severity }) => severity === 'error'))
  })

  const own = yield* flatMapInSteps(kept, ({ rules }) => (rules === undefined ? [] : [rules]))
  const accounts = yield* flatMapInSteps(own, (one) => one.accounts ?? [])
  const conflicts = accountConflicts(accounts)
  diagnostics.push(...conflicts)
  blocking.push(...conflicts.filter(({ severity }) => severity === 'error'))
  const routed = yield* compileRoutes(yield* routedDocuments(own, [...kept, ...dropped]))
  diagnostics.push(...routed.blocking)
  blocking.push(...routed.blocking)
  yield* eachInSteps(withDefaulted(routed.diagnostics, documents), (diagnostic) => void diagnostics.push(diagnostic))
  yield
  const families = resolveFamilies(members, {
    accounts,
    ceilings: yield* flatMapInSteps(own, (one) => one.ceilings ?? []),
    hasUnreadCeilings: [...kept, ...dropped].some(({ kind, rules }) => kind === subjectCeiling && rules === undefined),
    trustDomains: options.trustDomains,
    besideOurs,
  })
  diagnostics.push(...families.diagnostics)
  const isEmpty = documents.length === 0 && families.rules.every(({ grants = [] }) => grants.length === 0)
  if (blocking.length === 0) diagnostics.push(...emptiness(isEmpty, accounts.length))

  const found = {
    diagnostics: yield* limitPerSource(yield* sortInSteps(diagnostics, byPlace)),
    serviceAccounts: serviceAccountsOf(
      members.filter(({ entry }) => entry.family === serviceAccount).map(({ object }) => object),
    ),
    routed: routed.routed,
  }
  if (blocking.length > 0) return { ...found, withheld: reasonFor(blocking.sort(byPlace)) }
  const rules = [...own, routed.rules, ...families.rules]
  return { ...found, snapshot: yield* buildSnapshot(rules) }
}

/**
 * They rule no workload that has subjects, so what is wrong with them withholds nothing. Whoever wrote them into a file beside ours
 * should know all the same; those of a cluster were judged by Istio.
 */
function* faultsOfUnrelated(documents: readonly PolicyDocument[]): Steps<Diagnostic[]> {
  const { kept, dropped } = yield* dropDuplicates(documents.filter(({ object }) => object.file !== undefined))
  return [...kept, ...dropped].flatMap(({ diagnostics }) =>
    diagnostics
      .filter(({ severity }) => severity === 'error')
      .map((diagnostic) => ({ ...diagnostic, severity: 'warning' as const })),
  )
}

function emptiness(isEmpty: boolean, accounts: number): Diagnostic[] {
  if (isEmpty) {
    const message = 'no policy documents were found: nobody gets in'
    return [{ severity: 'warning', code: 'no-documents', message, hint: 'write an AccountMap and a SubjectPolicy' }]
  }
  if (accounts > 0) return []
  const message = 'no AccountMap places anybody in an account: nobody gets in'
  return [{ severity: 'warning', code: 'no-accounts', message, hint: 'write an AccountMap' }]
}

function reasonFor(blocking: readonly Diagnostic[]): string {
  const [first, ...others] = blocking
  if (first === undefined) return ''
  const place = first.file === undefined ? '' : `${first.file}${first.line === undefined ? '' : `:${first.line}`}: `
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${place}${first.message}${more}`
}
