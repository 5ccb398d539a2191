/**
 * Who plays in the demo: the workloads of a small shop, a person of its support team, and those who should not get in.
 * Each holds a token as a pod or a browser would; nothing else tells them apart.
 */
import { requestPrincipal, workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import type { DevCluster } from '../dev/cluster/dev-cluster.ts'
import { createTokenMint } from '../dev/mint-tokens.ts'
import type { TokenIssuer } from '../dev/token-issuer.ts'
import type { RefusalCode } from '../policy/refusal.ts'

export interface Actor {
  /** The heading of its lines: `shop/orders`. */
  readonly name: string
  /** Within sentences: `orders`. */
  readonly shortName: string
  /** What it is and how it proves that. */
  readonly about: string
  readonly principal: Principal
  /** Fresh at each login, as a kubelet or a browser keeps it. */
  token(): Promise<string>
}

export interface Cast {
  readonly web: Actor
  readonly orders: Actor
  readonly payments: Actor
  readonly dashboard: Actor
  readonly anna: Actor
}

/** Somebody who presents a credential that should not do. */
export interface Intruder {
  /** `expired token of shop/orders` */
  readonly presents: string
  readonly token: string | undefined
  /** Who it proves, if anybody: then the policy decides. Else why it proves nobody. */
  readonly proves: Principal | RefusalCode
}

export interface Issuers {
  readonly cluster: DevCluster
  readonly identityProvider: TokenIssuer
  readonly trustDomain: string
  /** Of tokens for this NATS. */
  readonly audience: string
}

const HOUR = 3600
const NAMESPACE = 'shop'

export function createCast({ cluster, identityProvider, trustDomain, audience }: Issuers): Cast {
  const workload = (name: string, about: string): Actor => ({
    name: `${NAMESPACE}/${name}`,
    shortName: name,
    about,
    principal: serviceAccount(trustDomain, NAMESPACE, name),
    token: () => cluster.serviceAccountToken({ namespace: NAMESPACE, name, audience, ttlSeconds: HOUR }),
  })
  const claims = { groups: ['support'] }
  const subject = 'anna'
  const { issuer } = identityProvider
  return {
    web: workload('web', 'takes orders from customers; ServiceAccount token'),
    orders: workload('orders', 'the service behind it; ServiceAccount token'),
    payments: workload('payments', 'moves the money; ServiceAccount token'),
    dashboard: workload('dashboard', 'only looks, until its pod is taken over; ServiceAccount token'),
    anna: {
      name: subject,
      shortName: subject,
      about: 'of the support team; OIDC token of the identity provider',
      principal: requestPrincipal({ issuer, subject, claims: { ...claims, iss: issuer, sub: subject } }, claims.groups),
      token: () => identityProvider.userToken({ subject, claims, audience, ttlSeconds: HOUR }),
    },
  }
}

export async function createIntruders({ cluster, trustDomain, audience }: Issuers): Promise<readonly Intruder[]> {
  const orders = { namespace: NAMESPACE, name: 'orders', audience, ttlSeconds: HOUR }
  const payments = { ...orders, name: 'payments' }
  const crawler = { ...orders, namespace: 'hr', name: 'crawler' }
  const otherCluster = await createTokenMint({ issuer: 'https://other-cluster.example' })
  // The right issuer and the right key id, but not the right key.
  const { kid: keyId, alg } = cluster.jwks.keys[0] ?? {}
  const forger = await createTokenMint({
    issuer: cluster.issuer,
    algorithm: alg === 'RS256' ? 'RS256' : 'ES256',
    ...(keyId !== undefined && { keyId }),
  })
  return [
    {
      presents: 'token of hr/crawler',
      token: await cluster.serviceAccountToken(crawler),
      proves: serviceAccount(trustDomain, 'hr', 'crawler'),
    },
    {
      presents: 'forged token of shop/payments',
      token: await forger.serviceAccountToken(payments),
      proves: 'TOKEN_SIGNATURE',
    },
    {
      presents: 'token of another cluster',
      token: await otherCluster.serviceAccountToken(payments),
      proves: 'TOKEN_ISSUER_UNKNOWN',
    },
    {
      presents: 'expired token of shop/orders',
      token: await cluster.serviceAccountToken({ ...orders, ageSeconds: 2 * HOUR }),
      proves: 'TOKEN_EXPIRED',
    },
    {
      presents: 'stolen token, meant for vault',
      token: await cluster.serviceAccountToken({ ...orders, audience: 'vault' }),
      proves: 'TOKEN_AUDIENCE',
    },
    { presents: 'nothing at all', token: undefined, proves: 'CREDENTIAL_MISSING' },
  ]
}

function serviceAccount(trustDomain: string, namespace: string, name: string): Principal {
  const id = parseSpiffeId(`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`)
  if (!id.ok) throw new Error(`${namespace}/${name} has no SPIFFE ID: ${id.error}`)
  return workloadPrincipal(id.value)
}
