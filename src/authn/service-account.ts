/**
 * Who holds a Kubernetes ServiceAccount token (KEP-1205, KEP-4193), from its verified claims. Pure.
 * Refuses a `sub` that is no ServiceAccount or that the `kubernetes.io` claims contradict, and with that every legacy secret
 * token: those have no `kubernetes.io` object.
 */
import { z } from 'zod'
import { workloadPrincipal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import { err, ok } from '../lib/result.ts'
import type { IdentifyHolder } from './identity.ts'
import type { InternPrincipal } from './intern-principals.ts'

/** RFC 1123 label and subdomain, as the API server validates the names of namespaces and ServiceAccounts. */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

/** Names and UIDs end up in records: no spaces, no control characters. */
const Word = z.string().regex(/^[\x21-\x7e]{1,253}$/)
const BoundObject = z.object({ name: Word, uid: Word.optional() })
const KubernetesClaims = z.object({
  namespace: z.string(),
  serviceaccount: z.object({ name: z.string(), uid: Word }),
  pod: BoundObject.optional(),
  node: BoundObject.optional(),
  secret: BoundObject.optional(),
})

export function identifyServiceAccount(trustDomain: string, intern: InternPrincipal): IdentifyHolder {
  return (claims) => {
    const [system, kind, namespace = '', name = '', more] =
      typeof claims['sub'] === 'string' ? claims['sub'].split(':') : []
    if (system !== 'system' || kind !== 'serviceaccount' || more !== undefined) {
      return err('sub is not system:serviceaccount:<namespace>:<name>')
    }
    if (!NAMESPACE.test(namespace) || !NAME.test(name)) return err('sub names no valid namespace and ServiceAccount')
    const kubernetes = KubernetesClaims.safeParse(claims['kubernetes.io'])
    if (!kubernetes.success) return err('the kubernetes.io claim is missing or incomplete')
    const { serviceaccount, pod, node, secret } = kubernetes.data
    if (kubernetes.data.namespace !== namespace || serviceaccount.name !== name) {
      return err('sub and the kubernetes.io claim name different ServiceAccounts')
    }
    const uri = `spiffe://${trustDomain}/ns/${namespace}/sa/${name}`
    const principal = intern(uri, () => {
      const spiffeId = parseSpiffeId(uri)
      return spiffeId.ok ? workloadPrincipal(spiffeId.value) : undefined
    })
    if (principal === undefined) return err('the ServiceAccount has no SPIFFE ID')
    const credentialId = Word.safeParse(claims['jti']).data
    return ok({
      principal,
      facts: present({
        serviceAccountUid: serviceaccount.uid,
        pod: pod?.name,
        podUid: pod?.uid,
        node: node?.name,
        nodeUid: node?.uid,
        secret: secret?.name,
        credentialId,
      }),
    })
  }
}

function present(facts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(facts)) if (value !== undefined) kept[name] = value
  return kept
}
