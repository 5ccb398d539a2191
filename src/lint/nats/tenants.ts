/** Matchers that do not stop at the border of a tenant. Pure. */
import { spellMatcherEntry } from '../../policy/spell-matcher.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { Rule } from '../finding.ts'
import { allowsOf, entriesOf } from '../grant-rules.ts'
import { isEverybody } from '../principals.ts'

export const accountAnyNamespace: Rule = {
  code: 'account-any-namespace',
  severity: 'warning',
  title: 'account open to every namespace',
  why: 'An account is the wall between tenants. A matcher without a namespace lets in whoever can make one, or can name a ServiceAccount as it likes.',
  mend: 'list the namespaces of the account',
  check: ({ model }) => {
    const accounts = new Set(model.accounts.map(({ account }) => account))
    return model.accounts.flatMap(({ account, principals, origin }) =>
      principals.flatMap((entry, index) => {
        if (!isEverybody(entry) && !isAnyNamespace(entry)) return []
        return [
          {
            at: { origin, path: ['spec', 'accounts', origin.rule ?? 0, 'principals', index] },
            message: `${spellMatcherEntry(entry)} lets principals of every namespace into ${account}`,
            // Without a second account there is no wall to climb.
            ...(accounts.size < 2 ? { severity: 'info' as const } : {}),
          },
        ]
      }),
    )
  },
}

export const principalsAnyNamespace: Rule = {
  code: 'principals-any-namespace',
  severity: 'warning',
  title: 'ServiceAccount of whatever namespace',
  why: 'Names of ServiceAccounts are chosen by whoever owns a namespace. A matcher such as `*/orders` holds for the `orders` of every tenant, also of one who chose the name for this.',
  mend: 'write the namespace: `shop/orders`',
  check: ({ model }) =>
    allowsOf(model).flatMap((rule) =>
      entriesOf(rule).flatMap((entry, index) => {
        if (!isAnyNamespace(entry)) return []
        const message = `${spellMatcherEntry(entry)} matches a ServiceAccount of every namespace`
        return [{ at: { origin: rule.origin, path: ['spec', 'principals', index] }, message }]
      }),
    ),
}

/** A name without a namespace. */
function isAnyNamespace({ serviceAccount, namespace }: MatcherEntry): boolean {
  return serviceAccount?.namespace === '*' && serviceAccount.name !== '*' && namespace === undefined
}

export const defaultServiceAccount: Rule = {
  code: 'default-service-account',
  severity: 'warning',
  title: 'ServiceAccount "default"',
  why: 'Every pod that names no ServiceAccount runs as `default`. A grant to it is a grant to all of them, also to the pod that somebody starts to look around.',
  mend: 'give the workload a ServiceAccount of its own, and grant to that',
  check: ({ model }) =>
    allowsOf(model).flatMap((rule) =>
      entriesOf(rule).flatMap((entry, index) => {
        if (!isDefault(entry)) return []
        const message = `${spellMatcherEntry(entry)} is every pod of its namespace that names no ServiceAccount`
        return [{ at: { origin: rule.origin, path: ['spec', 'principals', index] }, message }]
      }),
    ),
}

function isDefault({ serviceAccount, spiffeId }: MatcherEntry): boolean {
  if (serviceAccount?.name === 'default') return true
  return spiffeId !== undefined && 'exact' in spiffeId && spiffeId.exact.endsWith('/sa/default')
}
