/** One token issuer in `bridge.yaml`: field names as the authn room has them, durations in words. Pure. */
import { z } from 'zod'
import { refuse, trustDomainName } from './document.ts'
import { algorithm, filePath, label, seconds } from './values.ts'

const texts = z.array(z.string().min(1)).min(1)

/** What stands in `iss` and `aud` of real tokens; a blank at the end would only keep every token from matching. */
const visible = z.string().transform((text, ctx) => {
  if (/^[!-~]{1,512}$/.test(text)) return text
  return refuse(ctx, text, { code: 'text-invalid', reason: 'is not 1 to 512 visible ASCII characters without blanks' })
})

const keys = z.strictObject({
  discovery: z.literal(true).exactOptional().meta({ description: 'keys by OpenID Connect Discovery of the issuer' }),
  url: z.string().min(1).exactOptional().meta({ description: 'URL of the JWK Set' }),
  file: filePath.exactOptional().meta({ description: 'file with the JWK Set, read again when it changes' }),
  inline: z.unknown().exactOptional().meta({ description: 'the JWK Set itself, as YAML or as JSON text' }),
  caFile: filePath.exactOptional().meta({ description: 'PEM roots for the issuer’s HTTPS; default: the system’s' }),
  bearerTokenFile: filePath.exactOptional().meta({
    description: 'token to fetch with, as a Kubernetes API server wants it; sent to the configured origin alone',
  }),
  allowInsecureHttp: z.boolean().exactOptional().meta({
    description: 'plain HTTP beyond loopback: whoever can write to that network can log in as anybody',
  }),
  refresh: seconds('1s', '24h')
    .exactOptional()
    .meta({ bounds: '1s to 24h', description: 'time between two readings; default 5m (a file: 10s)' }),
  maxAge: seconds('1s', '720h').exactOptional().meta({
    bounds: '1s to 720h',
    description: 'how long keys are trusted while they cannot be read again; default 24h',
  }),
})

export type KeysInFile = z.output<typeof keys>

export const issuer = z.strictObject({
  name: label.meta({ description: 'unique; names the issuer in records, logs and metrics' }),
  kind: z
    .enum(['kubernetes', 'oidc'])
    .meta({ description: 'ServiceAccount tokens of a cluster, or tokens of an identity provider' }),
  issuer: visible.meta({ description: '`iss` of the tokens, byte for byte' }),
  audiences: z
    .array(visible)
    .min(1)
    .meta({ description: '`aud` values that are taken; a token must carry one of them' }),
  algorithms: z.array(algorithm).min(1).exactOptional().meta({
    description: 'signature algorithms; default: every asymmetric one. `none` and `HS*` are never taken',
  }),
  types: texts
    .exactOptional()
    .meta({ description: '`typ` headers that are taken; default: none, `JWT`, and for OIDC `at+jwt`' }),
  requiredClaims: texts
    .exactOptional()
    .meta({ description: 'claims that must be there beside `exp`, `aud` and `sub`' }),
  clockTolerance: seconds('1s', '300s')
    .exactOptional()
    .meta({ bounds: '1s to 300s', description: 'stretch of `exp` and `nbf`; default 30s' }),
  maxTokenBytes: z.int().min(256).max(65_536).exactOptional().meta({ description: 'longest token; default 8192' }),
  trustDomain: trustDomainName.exactOptional().meta({
    description: 'kubernetes: trust domain of its workloads; default `identity.trustDomain`',
  }),
  groupsClaim: z.string().min(1).exactOptional().meta({ description: 'oidc: claim with the groups, a path with dots' }),
  keys: keys.meta({ description: 'where its public keys are: exactly one of `discovery`, `url`, `file`, `inline`' }),
})

export type IssuerInFile = z.output<typeof issuer>
