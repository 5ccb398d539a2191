/**
 * Every reason a login can be refused for, as a stable code. Pure.
 * The same word is the error text sent to nats-server, the `code` of the decision record and the metric label.
 * `answer` says what the server hears: a refusal of somebody who proved to be a server gets an error reply; what could not
 * be verified, or came too late, gets silence (an attacker learns nothing, and late replies harm the server).
 * `menders` can do what `next` says: the command line, the log and docs/refusals.md tell it from here.
 */

/** By whom a refusal can be turned into a login. */
export const MENDERS = {
  client: 'whoever runs the client',
  issuer: 'whoever runs the token issuer',
  policy: 'whoever writes the policy',
  bridge: 'whoever runs the bridge',
  server: 'whoever runs nats-server',
} as const

export type Mender = keyof typeof MENDERS

interface RefusalText {
  readonly answer: 'silence' | 'error'
  readonly meaning: string
  /** Whoever is the most likely comes first. */
  readonly menders: readonly Mender[]
  /** What to do, as a clause; field names and commands stand in backticks. */
  readonly next: string
}

/** No nats-server sends such a thing: somebody else publishes in the callout account. */
const INTRUDER =
  'nobody but nats-server and its bridges belongs into the callout account: find who else can log in there, and take that login away (`nib server-config` lets nobody else in)'

export const REFUSALS = {
  ENVELOPE_MALFORMED: {
    answer: 'silence',
    meaning: 'the request is not an authorization request JWT',
    menders: ['server'],
    next: `${INTRUDER}; if a nats-server sent it, check that it is 2.10 to 2.15`,
  },
  ENVELOPE_TOO_LARGE: {
    answer: 'silence',
    meaning: 'the request exceeds the size limit',
    menders: ['server'],
    next: 'leave `max_control_line` of nats-server at its default, so that no client fills a request of 128 KiB; if it is small, somebody else publishes in the callout account: take that login away',
  },
  ENVELOPE_PLAINTEXT: {
    answer: 'silence',
    meaning: 'an xkey is configured and the request came unsealed',
    menders: ['bridge', 'server'],
    next: 'give the server the public key of `callout.xkey` as its `xkey`, or take `callout.xkey` out',
  },
  ENVELOPE_SEALED: {
    answer: 'silence',
    meaning: 'the request is sealed and no xkey is configured',
    menders: ['bridge'],
    next: 'the server has an `xkey`: set `callout.xkey` to the seed of that key',
  },
  ENVELOPE_UNOPENED: {
    answer: 'silence',
    meaning: 'none of our xkeys opens the request',
    menders: ['bridge', 'server'],
    next: 'compare the `xkey` of the server with `callout.xkey`; `nib keys show xkey.nk` prints the public key of a seed file',
  },
  ENVELOPE_XKEY_MISMATCH: {
    answer: 'silence',
    meaning: 'the xkey header is not the xkey that the server signed',
    menders: ['server'],
    next: INTRUDER,
  },
  ENVELOPE_SIGNATURE: {
    answer: 'silence',
    meaning: 'the request signature does not verify',
    menders: ['server'],
    next: INTRUDER,
  },
  ENVELOPE_ISSUER: {
    answer: 'silence',
    meaning: 'the request is not issued by the server that it names',
    menders: ['server'],
    next: INTRUDER,
  },
  ENVELOPE_AUDIENCE: {
    answer: 'silence',
    meaning: 'the request is meant for another audience',
    menders: ['server'],
    next: INTRUDER,
  },
  ENVELOPE_SUBJECT: {
    answer: 'silence',
    meaning: 'the request names an issuer or account that is not ours',
    menders: ['bridge', 'server'],
    next: 'compare `auth_callout.issuer` and `account` of the server with `callout.issuer` and `callout.account` (operator mode: the account); `nib keys show issuer.nk` prints the public key of a seed file',
  },
  ENVELOPE_EXPIRED: {
    answer: 'silence',
    meaning: 'the request has expired, or the clocks are far apart',
    menders: ['server', 'bridge'],
    next: 'compare the clocks of the server and of this machine; when many clients return at once, it is the server that is late (docs/nats-server.md)',
  },
  ENVELOPE_REPLAYED: {
    answer: 'silence',
    meaning: 'the request was answered before',
    menders: ['server'],
    next: `it did no harm; ${INTRUDER}`,
  },
  ENVELOPE_REPLY: {
    answer: 'silence',
    meaning: 'the reply subject is not a server inbox',
    menders: ['server'],
    next: INTRUDER,
  },
  DEADLINE_PASSED: {
    answer: 'silence',
    meaning: 'the answer would come too late',
    menders: ['server', 'bridge'],
    next: 'the client tries again; if it lasts, set `authorization.timeout: 5` in nats-server and let clients wait 6 s, then give server and bridge more CPU (docs/nats-server.md)',
  },
  OVERLOADED: {
    answer: 'silence',
    meaning: 'more requests wait than can be answered in time',
    menders: ['bridge'],
    next: 'start another replica; the `client` of the records says who connects that often',
  },
  CLIENT_KIND_REFUSED: {
    answer: 'error',
    meaning: 'this kind of client is not enabled',
    menders: ['bridge', 'policy'],
    next: 'add its kind to `callout.clients.types` (`nats`, `websocket`, `mqtt`, `leafnode`), or to the `limits.connectionTypes` of the SubjectPolicy that narrows this principal',
  },
  CONNECT_MALFORMED: {
    answer: 'error',
    meaning: 'a credential field of CONNECT is no text',
    menders: ['client'],
    next: 'send the token as a text, in auth_token or pass',
  },
  CREDENTIAL_MISSING: {
    answer: 'error',
    meaning: 'CONNECT carries no credential',
    menders: ['client'],
    next: 'give the client its token as `auth_token` or as password, read anew at each connect (docs/clients.md); a user name alone proves nothing',
  },
  CREDENTIAL_AMBIGUOUS: {
    answer: 'error',
    meaning: 'CONNECT carries two different credentials',
    menders: ['client'],
    next: 'send the token once and nothing beside it: another password, an nkey or a cookie of the browser (docs/nats-server.md) makes two',
  },
  TOKEN_MALFORMED: {
    answer: 'error',
    meaning: 'the credential is not a signed JWT',
    menders: ['client'],
    next: 'send the token itself and whole, not the name of its file, and without `Bearer` or quotes; `nib what-can --token-file token -p ./policy` says whom a token names',
  },
  TOKEN_TOO_LARGE: {
    answer: 'error',
    meaning: 'the token exceeds the size limit',
    menders: ['issuer', 'bridge'],
    next: 'have it issued with fewer claims (groups are the usual reason), or raise `identity.issuers[].maxTokenBytes`',
  },
  TOKEN_ISSUER_UNKNOWN: {
    answer: 'error',
    meaning: 'no configured issuer has exactly this iss',
    menders: ['bridge', 'client'],
    next: 'compare the `iss` of the token with `identity.issuers[].issuer`, byte for byte, a slash at the end included; `kubectl get --raw /.well-known/openid-configuration` says that of a cluster',
  },
  TOKEN_ALGORITHM: {
    answer: 'error',
    meaning: 'the algorithm is not allowed for this issuer',
    menders: ['issuer', 'bridge'],
    next: 'have the issuer sign with an algorithm of `identity.issuers[].algorithms` and of its published key, or list the one it uses; `none` and `HS256` are never taken',
  },
  TOKEN_KEY_UNKNOWN: {
    answer: 'error',
    meaning: 'the issuer publishes no key with this kid',
    menders: ['client', 'issuer'],
    next: 'get a new token: the key was withdrawn, or is of another issuer with the same `iss`; if new ones are refused too, look for their `kid` in the key set (`kubectl get --raw /openid/v1/jwks`)',
  },
  TOKEN_SIGNATURE: {
    answer: 'error',
    meaning: 'the token signature does not verify',
    menders: ['client'],
    next: 'get a new token from the issuer; this one was changed, or somebody else signed it: another cluster with the same `iss`, or a forger',
  },
  TOKEN_AUDIENCE: {
    answer: 'error',
    meaning: 'the token is meant for another audience',
    menders: ['client', 'bridge'],
    next: 'ask for a token for one of `identity.issuers[].audiences`: by the `audience` of the projected volume, or `kubectl create token orders -n shop --audience nats`',
  },
  TOKEN_EXPIRED: {
    answer: 'error',
    meaning: 'the token has expired',
    menders: ['client'],
    next: 'let the client read its token anew at each connect: the file is renewed, a copy of it in a variable is not (docs/clients.md); if the token is fresh, compare the clocks',
  },
  TOKEN_NOT_YET_VALID: {
    answer: 'error',
    meaning: 'the token is not valid yet',
    menders: ['issuer', 'bridge'],
    next: 'compare the clocks of the issuer and of the bridge; `identity.issuers[].clockTolerance` bears 30 s by default',
  },
  TOKEN_CLAIMS: {
    answer: 'error',
    meaning: 'a required claim is missing, contradictory or of the wrong type',
    menders: ['issuer', 'client'],
    next: 'read `detail` in the record of this decision id: it names the claim; of Kubernetes send a projected token, not that of a Secret (docs/token-authentication.md)',
  },
  TOKEN_ENDS_TOO_SOON: {
    answer: 'error',
    meaning: 'the token ends before the shortest session we issue',
    menders: ['client', 'bridge'],
    next: 'connect with a fresher token, or lower `sessions.minimumTtl`',
  },
  ISSUER_KEYS_UNAVAILABLE: {
    answer: 'error',
    meaning: 'the keys of the issuer cannot be had, or are too old to trust',
    menders: ['bridge', 'issuer'],
    next: 'read in `/readyz`, under `issuers`, why they cannot be read: usually the address, `caFile`, or a network policy',
  },
  POLICY_UNAVAILABLE: {
    answer: 'error',
    meaning: 'no policy snapshot has been compiled yet',
    menders: ['policy', 'bridge'],
    next: 'read in `/readyz`, under `policy`, what keeps it; `nib compile -p ./policy` names every mistake in files, `kubectl get nats -A` those in a cluster',
  },
  ACCOUNT_NONE: {
    answer: 'error',
    meaning: 'no AccountMap entry matches the principal',
    menders: ['policy'],
    next: 'name the principal, its namespace or its group in an AccountMap; `nib why ns/name publish some.subject -p ./policy` says in which, and what else is missing',
  },
  ACCOUNT_CONFLICT: {
    answer: 'error',
    meaning: 'AccountMap entries place the principal in different accounts',
    menders: ['policy'],
    next: 'let only one of the entries match it; `nib why ns/name publish some.subject -p ./policy` and the `rules` of the record name them',
  },
  ACCOUNT_FORBIDDEN: {
    answer: 'error',
    meaning: 'the account is not on the list this bridge may place clients in',
    menders: ['bridge', 'policy'],
    next: 'add the account to `accounts` of bridge.yaml, or name another one in the AccountMap; the system account and that of the callout are never for clients',
  },
  PERMISSIONS_TOO_LARGE: {
    answer: 'error',
    meaning: 'the permissions do not fit into one user JWT, or take too long to work out',
    menders: ['policy'],
    next: 'grant wildcards in place of many subjects, or split the workload; `nib lint -p ./policy` names the rules behind it',
  },
  INTERNAL: {
    answer: 'error',
    meaning: 'the bridge failed; its log has the cause under the decision id',
    menders: ['bridge'],
    next: 'look for the decision id among the errors of the log, and report what it says as a bug; the client may try again',
  },
} as const satisfies Record<string, RefusalText>

export type RefusalCode = keyof typeof REFUSALS

export function isAnswered(code: RefusalCode): boolean {
  return REFUSALS[code].answer === 'error'
}

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(REFUSALS, text)
}
