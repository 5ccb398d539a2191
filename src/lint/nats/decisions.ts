/** What shows only when all rules come together for one principal: sizes, conflicts, what lists cannot say. Pure. */
import { quote } from '../../lib/spell.ts'
import type { Allowed, DeliveryFilter, Shortfall } from '../../policy/decision.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import { MAX_PERMISSIONS_BYTES } from '../../policy/size.ts'
import type { Estate } from '../estate.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { allowsOf, entriesOf } from '../grant-rules.ts'
import type { Representative } from '../representatives.ts'

export const principalInTwoAccounts: Rule = {
  code: 'principal-in-two-accounts',
  severity: 'error',
  title: 'principal that two accounts claim',
  why: 'A principal lives in exactly one account. Whoever matches entries of two is refused at login.',
  mend: 'make the entries exclude each other',
  check: ({ representatives }) =>
    representatives.flatMap(({ principal, decision, rule }) => {
      if (decision.effect === 'allow' || decision.code !== 'ACCOUNT_CONFLICT') return []
      const claims = decision.rules.map(nameOrigin).join(' and ')
      const message = `${principal.name} is refused: ${claims} place it in different accounts`
      return [{ at: { origin: rule.origin, path: ['spec', 'principals'] }, message }]
    }),
}

export const permissionsTooLarge: Rule = {
  code: 'permissions-too-large',
  severity: 'error',
  title: 'permissions that fit into no login',
  why: 'Permissions travel inside a JWT, which nats-server reads up to a size. A principal that holds more is refused at login.',
  mend: 'write wider patterns instead of many single subjects, or split the work over several ServiceAccounts',
  check: ({ representatives }) =>
    representatives.flatMap(({ principal, decision, rule }) =>
      decision.effect === 'deny' && decision.code === 'PERMISSIONS_TOO_LARGE'
        ? [{ at: { origin: rule.origin }, message: `${principal.name} is refused: its permissions are too large` }]
        : [],
    ),
}

/** From here on, somebody should know before the rest is used up. */
const NEAR = 0.5

export const permissionsNearLimit: Rule = {
  code: 'permissions-near-limit',
  severity: 'warning',
  title: 'permissions near the limit of a login',
  why: 'Permissions travel inside a JWT, which nats-server reads up to a size. They also cost the server time at every login.',
  mend: 'write wider patterns instead of many single subjects, or split the work over several ServiceAccounts',
  check: ({ representatives }) =>
    representatives.flatMap(({ principal, decision, rule }) => {
      if (decision.effect === 'deny') return []
      const size = JSON.stringify(decision.permissions.filtering).length
      if (size < NEAR * MAX_PERMISSIONS_BYTES) return []
      const percent = Math.round((100 * size) / MAX_PERMISSIONS_BYTES)
      const message = `the permissions of ${principal.name} take ${percent} % of what fits into a login`
      return [{ at: { origin: rule.origin }, message }]
    }),
}

export const grantUnsayable: Rule = {
  code: 'grant-unsayable',
  severity: 'warning',
  title: 'grant that permission lists cannot say',
  why: 'NATS has an allow list and a deny list for a whole connection, and a few shapes of subjects cannot be told apart in them. Then less is given than granted, never more.',
  mend: 'use `>` instead of a trailing `*`, or give the two kinds of subjects different names above the wildcard',
  check: (estate) => shortOf(estate, 'filtering', () => []),
}

export const grantNeedsNewServer: Rule = {
  code: 'grant-needs-new-server',
  severity: 'info',
  title: 'grant that older servers cannot keep',
  why: 'Before 2.12.14 and 2.14.4, nats-server ignores a deny that merely overlaps a subscription. There the bridge gives less than granted, never more; newer servers get all of it.',
  mend: 'run 2.12.14, 2.14.4, 2.15 or later, or use `>` instead of a trailing `*`',
  check: (estate) => shortOf(estate, 'legacy', (decision) => decision.shortfalls.filtering),
}

/** @param apart shortfalls that are told elsewhere */
function shortOf(
  { representatives, model, trustDomains }: Estate,
  filter: DeliveryFilter,
  apart: (decision: Allowed) => readonly Shortfall[],
): Suspicion[] {
  const originOf = ({ principal, rule }: Representative, subject: string): Origin =>
    allowsOf(model).find(
      (other) =>
        other.grant.patterns.some(({ text }) => text === subject) &&
        matchesPrincipal(entriesOf(other), principal, trustDomains),
    )?.origin ?? rule.origin
  return representatives.flatMap((representative) => {
    const { decision } = representative
    if (decision.effect === 'deny') return []
    const told = new Set(apart(decision).map(({ pattern }) => pattern))
    return decision.shortfalls[filter]
      .filter(({ pattern }) => !told.has(pattern))
      .map(({ pattern, reason }) => {
        const [subject = ''] = pattern.split(' ')
        return {
          at: { origin: originOf(representative, subject), written: subject },
          message: `${quote(pattern)} is not given: ${reason}`,
        }
      })
  })
}
