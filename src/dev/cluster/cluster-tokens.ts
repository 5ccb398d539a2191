/**
 * ServiceAccount tokens of a real API server, by its TokenRequest API. One that has expired it would never give: that one is signed
 * with the cluster's own key, as it was when it was fresh.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { importPKCS8, SignJWT, type JWK } from 'jose'
import { z } from 'zod'
import type { DevCluster } from './dev-cluster.ts'
import { callKubernetes, type RunningKubernetes } from '../kubernetes/index.ts'
import type { ServiceAccountTokenRequest } from '../mint-tokens.ts'
import type { Roster } from './roster.ts'

const JWKS = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).min(1) })
/** What the TokenRequest API gives at least. */
const SHORTEST_SECONDS = 600
const ALGORITHM = 'RS256'

export async function createClusterTokens(
  kubernetes: RunningKubernetes,
  roster: Roster,
): Promise<Pick<DevCluster, 'issuer' | 'jwks' | 'serviceAccountToken'>> {
  const { body } = await callKubernetes(kubernetes, { method: 'GET', path: '/openid/v1/jwks' })
  const keys: readonly JWK[] = JWKS.parse(body).keys
  const { issuer } = kubernetes
  return {
    issuer,
    jwks: { keys },
    async serviceAccountToken(request) {
      const { namespace, name, audience, ttlSeconds, ageSeconds = 0 } = request
      if (ageSeconds > 0) return aged(kubernetes, keys[0]?.kid ?? '', request)
      await roster.serviceAccount({ namespace, name })
      return kubernetes.tokenFor(namespace, name, [audience], {
        expirationSeconds: Math.max(ttlSeconds, SHORTEST_SECONDS),
      })
    },
  }
}

async function aged(
  { issuer, saKeyFile }: RunningKubernetes,
  kid: string,
  { namespace, name, audience, ttlSeconds, ageSeconds = 0 }: ServiceAccountTokenRequest,
): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000) - ageSeconds
  return new SignJWT({
    sub: `system:serviceaccount:${namespace}:${name}`,
    'kubernetes.io': { namespace, serviceaccount: { name, uid: randomUUID() } },
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: ALGORITHM, kid })
    .setIssuer(issuer)
    .setAudience([audience])
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + ttlSeconds)
    .sign(await importPKCS8(await readFile(saKeyFile, 'utf8'), ALGORITHM))
}
