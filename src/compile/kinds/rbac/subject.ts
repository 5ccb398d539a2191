/**
 * `subjects:` of a binding -> the principals they mean. Pure.
 * Names are compared literally, as Kubernetes does: no wildcards. A subject that no principal of this bridge can be means
 * nobody, and the reason is told.
 */
import { z } from 'zod'
import { parseSpiffeId } from '../../../identity/spiffe-id.ts'
import { err, ok, type Result } from '../../../lib/result.ts'
import type { MatcherEntry } from '../../../policy/matcher.ts'
import { isLabel, isSubdomain } from '../../values/names.ts'
import { RBAC_GROUP } from './rbac-group.ts'

export const subject = z.strictObject({
  kind: z.enum(['ServiceAccount', 'User', 'Group']),
  name: z.string().min(1),
  namespace: z.string().nullish(),
  apiGroup: z.enum(['', RBAC_GROUP]).nullish(),
})

export type Subject = z.output<typeof subject>

const SERVICE_ACCOUNT_USER = /^system:serviceaccount:([^:]+):([^:]+)$/
const NAMESPACE_GROUP = 'system:serviceaccounts:'

/** @returns what matches the subject, or why nobody does. */
export function principalsOf({ kind, name, namespace }: Subject, ownNamespace?: string): Result<MatcherEntry, string> {
  if (kind === 'Group') return groupNamed(name)
  return kind === 'User' ? userNamed(name) : serviceAccountNamed(namespace || ownNamespace, name)
}

function serviceAccountNamed(namespace: string | undefined, name: string): Result<MatcherEntry, string> {
  if (namespace === undefined) return err('a ServiceAccount has a namespace')
  if (isLabel(namespace) && isSubdomain(name)) return ok({ serviceAccount: { namespace, name } })
  return err('no ServiceAccount can have this name; there are no wildcards here')
}

/** The groups that Kubernetes gives to its ServiceAccounts mean those of this trust domain, as `namespace:` does. */
function groupNamed(name: string): Result<MatcherEntry, string> {
  if (name === 'system:serviceaccounts') return ok({ serviceAccount: { namespace: '*', name: '*' } })
  if (name.startsWith(NAMESPACE_GROUP)) {
    const namespace = name.slice(NAMESPACE_GROUP.length)
    return isLabel(namespace) ? ok({ namespace }) : err('no namespace can have this name')
  }
  if (name === 'system:authenticated' || !name.startsWith('system:')) return ok({ group: name })
  return err('no NATS client is in this group of Kubernetes')
}

/**
 * A ServiceAccount as Kubernetes spells it, a SPIFFE ID, or an end user: `<iss>/<sub>` as NATS shows it, or `<iss>#<sub>` as
 * kube-apiserver spells it unless told otherwise.
 */
function userNamed(name: string): Result<MatcherEntry, string> {
  const [, namespace, account] = SERVICE_ACCOUNT_USER.exec(name) ?? []
  if (namespace !== undefined && account !== undefined) return serviceAccountNamed(namespace, account)
  if (name.startsWith('system:')) return err('no NATS client is this user of Kubernetes')
  if (name.startsWith('spiffe://')) {
    const id = parseSpiffeId(name)
    if (!id.ok) return err(id.error)
    return id.value.uri === name ? ok({ spiffeId: { exact: name } }) : err('a SPIFFE ID is spelled in lower case')
  }
  return endUserNamed(name)
}

function endUserNamed(name: string): Result<MatcherEntry, string> {
  const cut = name.includes('#') ? name.indexOf('#') : name.lastIndexOf('/')
  const issuer = name.slice(0, Math.max(cut, 0))
  const sub = name.slice(cut + 1)
  // Without an issuer, everybody could call themselves that.
  if (!/^[a-z]+:\/\/[^/#]/.test(issuer) || sub === '' || sub.includes('#')) {
    return err('the name says no issuer')
  }
  // In a request principal a star is a wildcard, and the last slash is where the issuer ends.
  if (/[*/]/.test(sub) || issuer.includes('*')) return ok({ issuer, claims: { sub } })
  return ok({ issuer, requestPrincipal: `${issuer}/${sub}` })
}
