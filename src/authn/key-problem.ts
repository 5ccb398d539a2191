/** Why the keys of an issuer could not be had: a stable code for metrics, a sentence and a next step for people. Pure. */
import { err, type Result } from '../lib/result.ts'

const HINTS = {
  timeout: 'check that the bridge can reach the issuer, and how long the issuer takes to answer',
  unreachable: 'check the host name, the port and the network policies between the bridge and the issuer',
  tls: 'give the certificate authority of the issuer as caFile',
  status:
    'open the URL by hand; a Kubernetes API server wants a token (bearerTokenFile) that may read its discovery endpoints',
  redirect: 'configure the address that the redirect leads to: redirects are not followed',
  'too-large': 'check that the URL leads to a JWK Set',
  html: 'the URL leads to a web page, not to JSON: check the path',
  'not-json': 'check that the whole document is JSON',
  'not-discovery': 'check that the URL of the issuer serves OpenID Connect Discovery, or configure the JWK Set by URL',
  'not-a-key-set': 'a JWK Set (RFC 7517 section 5) is an object with a list named keys',
  'too-many-keys': 'check that the URL leads to the key set of this issuer alone',
  'issuer-mismatch': 'configure the issuer exactly as its discovery document spells it',
  'insecure-url': 'serve the keys over https, or set allowInsecureHttp when the network between is trusted',
  'file-unreadable': 'check the path, the mount and the permissions',
} as const satisfies Record<string, string>

export type KeyProblemCode = keyof typeof HINTS

export interface KeyProblem {
  readonly code: KeyProblemCode
  /** What was found; nothing of the document itself. */
  readonly detail: string
}

export function keyProblem(code: KeyProblemCode, detail: string): Result<never, KeyProblem> {
  return err({ code, detail })
}

export function hintFor(code: KeyProblemCode): string {
  return HINTS[code]
}
