/**
 * Policy documents -> findings: what compiles, and yet says something else than its author meant. Pure.
 * What the compiler itself has to say is among them, so that one reading is enough. Never throws, whatever the texts hold.
 */
import { compile, type CompileOptions, type SourceText } from '../compile/index.ts'
import { DEFAULT_MESH } from '../istio/index.ts'
import { createDecide } from '../policy/decide.ts'
import type { Diagnostic, Severity } from '../policy/diagnostic.ts'
import { findingOfDiagnostic, isSuperseded } from './compiled.ts'
import { readDocuments } from './documents.ts'
import { EMPTY_MODEL, type Estate } from './estate.ts'
import type { Finding } from './finding.ts'
import { viewPolicies } from './istio/policy-view.ts'
import { textMistakesOf } from './istio/text-mistakes.ts'
import { createPlacer, type Placed } from './place.ts'
import { representativesOf } from './representatives.ts'
import { RULES } from './rules.ts'
import { applyWaivers } from './waivers.ts'
import { createWritten, type Written } from './written.ts'

export interface LintReport {
  /** Sorted by file, line and column. */
  readonly findings: readonly Finding[]
  /** Documents of a kind that lint knows. */
  readonly documents: number
  /** How many findings annotations waived. */
  readonly waived: number
  /** Why the rules could not be looked at together, when they could not. */
  readonly withheld?: string
}

export function lint(sources: readonly SourceText[], options: CompileOptions): LintReport {
  const compiled = compile(sources, options)
  const documents = readDocuments(sources)
  const written = createWritten(documents)
  const estate: Estate = {
    documents,
    isWritten: (origin, subject) => written.placeOf(origin, subject) !== undefined,
    policies: viewPolicies(documents),
    model: compiled.snapshot?.model ?? EMPTY_MODEL,
    trustDomains: options.trustDomains,
    mesh: {
      trustDomain: options.trustDomains.local,
      trustDomainAliases: options.trustDomains.aliases,
      rootNamespace: options.rootNamespace ?? DEFAULT_MESH.rootNamespace,
    },
    ...(compiled.snapshot === undefined
      ? { representatives: [] }
      : {
          snapshot: compiled.snapshot,
          representatives: representativesOf(compiled.snapshot, createDecide(options.hash)),
        }),
  }
  const place = createPlacer(written)
  const found = RULES.flatMap((rule) => rule.check(estate).map((suspicion) => place(rule, suspicion)))
  const { kept, waived } = applyWaivers(documents, distinct(found), place, compiled.snapshot !== undefined)
  const known = documents.filter(isKnown)
  const mistakes = textMistakesOf(documents)
  const told = [
    ...mistakes,
    ...compiled.diagnostics.filter((one) => !mistakes.some((other) => isSame(one, other))),
  ].map((diagnostic) => withColumn(findingOfDiagnostic(diagnostic), written))
  const findings = [
    ...kept.map(({ finding }) => finding),
    ...told.filter((finding) => !isSuperseded(finding, found, known)),
  ]
  return {
    findings: findings.toSorted(byPlace),
    documents: known.length,
    waived,
    ...(compiled.withheld === undefined ? {} : { withheld: compiled.withheld }),
  }
}

function isSame(one: Diagnostic, other: Diagnostic): boolean {
  return one.file === other.file && one.line === other.line && one.message === other.message
}

const KNOWN_GROUPS: ReadonlySet<string> = new Set([
  'nats-identity-bridge.dev',
  'security.istio.io',
  'rbac.authorization.k8s.io',
])

function isKnown({ group }: { readonly group: string }): boolean {
  return KNOWN_GROUPS.has(group)
}

/** What the compiler found when it put documents together has the line of a rule alone. */
function withColumn(finding: Finding, { ruleAt }: Written): Finding {
  const { kind, name, line, column } = finding
  if (kind === undefined || name === undefined || line === undefined || column !== undefined) return finding
  const at = ruleAt({ ...finding, kind, name })
  return at?.line === line ? { ...finding, column: at.column } : finding
}

/** Each once; of the many subjects that one grant stands for, the first and a number. */
function distinct(found: readonly Placed[]): Placed[] {
  const byKey = new Map<string, { readonly first: Placed; readonly messages: Set<string> }>()
  for (const placed of found) {
    const { code, file, line, column, message, kind, namespace, name, rule } = placed.finding
    const place = [code, file, line, column, kind, namespace, name]
    const key = JSON.stringify(placed.isImplied ? [...place, rule] : [...place, message])
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, { first: placed, messages: new Set([message]) })
    else known.messages.add(message)
  }
  return [...byKey.values()].map(({ first, messages }) =>
    messages.size === 1 ? first : { ...first, finding: withMore(first.finding, messages.size - 1) },
  )
}

function withMore(finding: Finding, more: number): Finding {
  return { ...finding, message: `${finding.message} (and ${more} more that this rule stands for)` }
}

const WEIGHT = { error: 0, warning: 1, info: 2 } as const satisfies Record<Severity, number>

export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return WEIGHT[severity] <= WEIGHT[threshold]
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    WEIGHT[a.severity] - WEIGHT[b.severity] ||
    compare(a.code, b.code) ||
    compare(a.message, b.message)
  )
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
