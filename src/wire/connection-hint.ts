/** The next step for a connection to NATS that fails, by the words of nats.js and OpenSSL, which name causes but no settings. Pure. */

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^tls$/, 'the server offers no TLS: give it a tls block, or ask for none (nats:// and no tls here)'],
  [
    /^CONNECTION_REFUSED$/,
    'nobody listens there, or the server waits for TLS without a word (its handshake_first): set tls.handshakeFirst',
  ],
  [/^BAD_CREDS$/, 'the creds file is damaged: nsc generate creds, or nib server-config, writes one'],
  [
    /Authorization Violation/,
    'the server does not know this login: its user must stand in the account that the bridge answers for, and in auth_users; is it the right file?',
  ],
  [
    /Permissions Violation for Subscription/,
    'its user may not take logins in this queue group: compare nats.queueGroup with what the server lets the user subscribe',
  ],
  [
    /^it is in the account/,
    'give the bridge a user of the account that auth_callout names, or name that account in callout.account',
  ],
  [/wrong version number/, 'the server speaks before TLS: it has no handshake_first, leave tls.handshakeFirst out'],
  [
    /^TIMEOUT$/,
    'the server ended the login without a word, or never answered: does it demand a client certificate of other roots (tls.certFile)?',
  ],
  [
    /unable to (?:verify|get)|self-signed certificate/,
    'set tls.caFile to the roots that signed the certificate of the server',
  ],
  [/certificate has expired|not yet valid/, 'renew the certificate of the server, or set the clocks right'],
  [/does not match certificate/, 'name the servers as their certificates do'],
]

/** @param problem message of the error. */
export function connectionHint(problem: string): string | undefined {
  return HINTS.find(([words]) => words.test(problem))?.[1]
}
