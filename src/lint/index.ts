/**
 * What policy documents say against the intent of their author, with the reason and the way to mend it. Pure.
 * This door lists everything other rooms may use.
 */
export type { Finding, RuleText } from './finding.ts'
export { isAtLeast, lint, type LintReport } from './lint.ts'
export { toSarif, type SarifTool } from './sarif.ts'
export { findText, RULE_TEXTS } from './texts.ts'
