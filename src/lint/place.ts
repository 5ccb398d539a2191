/** From where a rule found something to file, line and column. Pure. */
import type { SourceObject } from '../compile/index.ts'
import type { Path } from '../lib/spell.ts'
import type { LintDocument } from './documents.ts'
import { docsOf, type Finding, type RuleText, type Suspicion } from './finding.ts'
import { RULE_LISTS, type Written } from './written.ts'

export interface Placed {
  readonly finding: Finding
  /** Whose waivers count. */
  readonly document?: LintDocument
  /** About a subject that stands nowhere, and that a grant stands for; it may have many of them. */
  readonly isImplied?: true
}

export type Placer = (rule: RuleText, suspicion: Suspicion) => Placed

export function createPlacer({ documentOf, placeOf, ruleAt: placeOfRule }: Written): Placer {
  return (rule, { at, message, severity, mend }) => {
    const text = {
      code: rule.code,
      severity: severity ?? rule.severity,
      title: rule.title,
      message,
      why: rule.why,
      mend: mend ?? rule.mend,
      docs: docsOf(rule.code),
    }
    if ('document' in at) {
      const { document, path } = at
      const identity = { kind: document.kind, ...identityOf(document), ...ruleAt(path) }
      return { finding: { ...text, ...identity, ...placeIn(document.object, path, at.atKey === true) }, document }
    }
    const found = at.written === undefined ? undefined : placeOf(at.origin, at.written)
    const origin = found?.origin ?? at.origin
    const { kind, namespace, name, file, line } = origin
    const ruled = origin.rule === undefined ? {} : { rule: origin.rule }
    const rulePart = at.path === undefined ? ruled : ruleAt(at.path)
    const identity = { kind, ...(namespace === undefined ? {} : { namespace }), name, ...rulePart }
    const document = found?.document ?? documentOf(origin)
    const path = at.path ?? found?.path
    if (document === undefined || path === undefined) {
      const rulePlace = placeOfRule(origin) ?? (line === undefined ? {} : { line })
      const place = { ...(file === undefined ? {} : { file }), ...rulePlace }
      return {
        finding: { ...text, ...identity, ...place },
        ...(document === undefined ? {} : { document }),
        ...(at.written === undefined ? {} : { isImplied: true }),
      }
    }
    return { finding: { ...text, ...identity, ...placeIn(document.object, path, false) }, document }
  }
}

function identityOf({ namespace, name }: LintDocument): { namespace?: string; name?: string } {
  return { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) }
}

function placeIn(object: SourceObject, path: Path, atKey: boolean): { file?: string; line?: number; column?: number } {
  return { ...(object.file === undefined ? {} : { file: object.file }), ...object.locate(path, atKey) }
}

function ruleAt(path: Path): { rule?: number } {
  const [first, second, third] = path
  const [list, rule] = first === 'spec' ? [second, third] : [first, second]
  return typeof list === 'string' && RULE_LISTS.has(list) && typeof rule === 'number' ? { rule } : {}
}
