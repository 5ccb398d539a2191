/**
 * AccountMap entries that contradict each other before any principal has come. Pure.
 * The same matcher for two accounts refuses everybody it matches: an error. A matcher that lies within another one's is
 * likely a mistake: a warning. Matchers that merely could meet are left to the decision, which refuses the principal.
 */
import { canonicalJson } from '../lib/json.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { MATCHER_FIELDS, type MatcherEntry } from '../policy/matcher.ts'
import type { AccountRule } from '../policy/model.ts'
import { nameOrigin } from '../policy/origin.ts'
import { spellMatcherEntry } from '../policy/spell-matcher.ts'

export function accountConflicts(rules: readonly AccountRule[]): Diagnostic[] {
  const byEntry = new Map<string, AccountRule[]>()
  for (const rule of rules) {
    for (const entry of rule.principals) {
      const key = keyOf(entry)
      const known = byEntry.get(key)
      if (known === undefined) byEntry.set(key, [rule])
      else known.push(rule)
    }
  }
  const otherThan = (rule: AccountRule, entry: MatcherEntry): AccountRule | undefined =>
    byEntry.get(keyOf(entry))?.find(({ account }) => account !== rule.account)

  return rules.flatMap((rule) =>
    rule.principals.flatMap((entry): Diagnostic[] => {
      const same = otherThan(rule, entry)
      if (same !== undefined) return [conflict(rule, entry, same)]
      const wide = widenings(entry)
        .filter((wider) => keyOf(wider) !== keyOf(entry))
        .map((wider) => otherThan(rule, wider))
        .find((other) => other !== undefined)
      return wide === undefined ? [] : [overlap(rule, entry, wide)]
    }),
  )
}

/** Equal for entries that by their form match the same principals: `shop/*` is the namespace `shop`. */
function keyOf({ serviceAccount, namespace, ...rest }: MatcherEntry): string {
  const home = namespace ?? serviceAccount?.namespace
  const name = serviceAccount?.name === '*' && home !== '*' ? undefined : serviceAccount?.name
  return canonicalJson({ ...rest, home, name })
}

/** Matchers that match whatever the entry matches, one step wider. */
function widenings(entry: MatcherEntry): MatcherEntry[] {
  const { serviceAccount, namespace, ...rest } = entry
  const wider: MatcherEntry[] = [{ authenticated: true }]
  const home = namespace ?? serviceAccount?.namespace
  if (home !== undefined) {
    wider.push({ ...rest, serviceAccount: { namespace: '*', name: '*' } })
    if (home !== '*') wider.push({ ...rest, namespace: home })
  }
  if (serviceAccount !== undefined)
    wider.push({ ...rest, serviceAccount: { namespace: '*', name: serviceAccount.name } })
  for (const field of MATCHER_FIELDS) {
    if (entry[field] === undefined) continue
    // Without its trust domain, a ServiceAccount, a namespace or a group would mean the local one.
    if (field === 'trustDomain' && (home ?? entry.group) !== undefined) continue
    const { [field]: _dropped, ...others } = entry
    if (Object.keys(others).length > 0) wider.push(others)
  }
  return wider
}

function conflict(rule: AccountRule, entry: MatcherEntry, other: AccountRule): Diagnostic {
  return {
    severity: 'error',
    code: 'account-conflict',
    message: `${spellMatcherEntry(entry)} is placed in ${rule.account} here and in ${other.account} by ${place(other)}, expected one account`,
    hint: 'remove one of the two; whoever matches both is refused',
    ...rule.origin,
  }
}

function overlap(rule: AccountRule, entry: MatcherEntry, other: AccountRule): Diagnostic {
  return {
    severity: 'warning',
    code: 'account-overlap',
    message: `${spellMatcherEntry(entry)} is placed in ${rule.account} here and also matches ${place(other)}, which says ${other.account}`,
    hint: 'whoever matches both is refused; make the two exclude each other',
    ...rule.origin,
  }
}

function place({ origin }: AccountRule): string {
  const { file, line } = origin
  return file === undefined || line === undefined ? nameOrigin(origin) : `${nameOrigin(origin)} (${file}:${line})`
}
