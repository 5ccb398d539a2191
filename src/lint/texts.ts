/** What every code means, the compiler's among them. Pure. */
import type { Severity } from '../policy/diagnostic.ts'
import { COMPILED_RULES, REMARKED, UNREAD } from './compiled.ts'
import type { RuleText } from './finding.ts'
import { RULES } from './rules.ts'

/** Rules of lint by family, then what the compiler tells. */
export const RULE_TEXTS: readonly RuleText[] = [...RULES, ...COMPILED_RULES, UNREAD, REMARKED]

const BY_CODE: ReadonlyMap<string, RuleText> = new Map(RULE_TEXTS.map((rule) => [rule.code, rule]))

export function findText(code: string): RuleText | undefined {
  return BY_CODE.get(code)
}

/** Codes of the compiler that have no text of their own share one, of errors or of the others. */
export function textOf(code: string, severity: Severity): RuleText {
  return BY_CODE.get(code) ?? { ...(severity === 'error' ? UNREAD : REMARKED), code, severity }
}
