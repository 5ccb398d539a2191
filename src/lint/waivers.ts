/**
 * Findings that a document waives by name in its annotation. Pure.
 * A waiver that waives nothing is a finding itself: left behind, it would silently allow the next mistake of its kind.
 */
import { LINT_CODES, REACHES, valueAt, WAIVE_ANNOTATION } from '../compile/index.ts'
import { quote, type Path } from '../lib/spell.ts'
import type { LintDocument } from './documents.ts'
import type { Placed, Placer } from './place.ts'
import { WAIVER_UNKNOWN, WAIVER_UNUSED } from './waiver-rules.ts'

const PATH: Path = ['metadata', 'annotations', WAIVE_ANNOTATION]

const OWN_GROUP = 'nats-identity-bridge.dev'
/** What the compiler reads for itself beside our own kinds: what reaches too far there, it says, and what waives nothing. */
const READ_BY_COMPILER: ReadonlySet<string> = new Set([
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/ClusterRole',
  '/ServiceAccount',
])

export interface Waived {
  readonly kept: readonly Placed[]
  readonly waived: number
}

/** @param isComplete whether all rules could be looked at: else nothing can be said about what a waiver would waive */
export function applyWaivers(
  documents: readonly LintDocument[],
  found: readonly Placed[],
  place: Placer,
  isComplete: boolean,
): Waived {
  const used = new Map<LintDocument, Set<string>>()
  const kept = found.filter(({ finding, document }) => {
    if (document === undefined || !waiversOf(document).includes(finding.code)) return true
    const codes = used.get(document) ?? new Set<string>()
    used.set(document, codes.add(finding.code))
    return false
  })
  const about = documents
    .flatMap((document) => checkWaivers(document, used.get(document) ?? new Set(), place))
    .filter(({ finding }) => isComplete || finding.code !== WAIVER_UNUSED.code)
  return { kept: [...kept, ...about], waived: found.length - kept.length }
}

export function waiversOf({ object }: LintDocument): readonly string[] {
  const written = valueAt(object.value, PATH)
  return typeof written === 'string' ? [...new Set(written.split(',').map((name) => name.trim()))] : []
}

function checkWaivers(document: LintDocument, used: ReadonlySet<string>, place: Placer): Placed[] {
  return waiversOf(document).flatMap((code) => {
    const at = { document, path: PATH }
    if (LINT_CODES.some((known) => known === code)) {
      if (used.has(code)) return []
      return place(WAIVER_UNUSED, { at, message: `the waiver ${quote(code)} waives nothing in this document` })
    }
    // The compiler says of its own documents what is wrong with their waivers.
    if (document.group === OWN_GROUP) return []
    if (REACHES.some((known) => known === code)) {
      if (READ_BY_COMPILER.has(`${document.group}/${document.kind}`)) return []
      const message = `the waiver ${quote(code)} waives nothing in ${document.kind}`
      return place(WAIVER_UNUSED, { at, message })
    }
    return place(WAIVER_UNKNOWN, { at, message: `unknown waiver ${quote(code)}, expected the code of a finding` })
  })
}
