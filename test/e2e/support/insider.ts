/**
 * Somebody inside the callout account, who sees every request and answer there, and somebody in another account whose messages are
 * imported as login requests: nats-server itself forbids users of the callout account to publish those.
 * Lays both over a generated configuration, in either mode.
 */
import { decode, type Account } from '@nats-io/jwt'
import { credsAuthenticator, usernamePasswordAuthenticator, type Authenticator } from 'nats'
import { freshKeys, type MadeKey } from '../../../src/server-config/keys.ts'
import type { ServerConfig } from '../../../src/server-config/index.ts'
import { keyIn, resignAccount, signClaims } from './resign-account.ts'

export const CALLOUT_SUBJECT = '$SYS.REQ.USER.AUTH'
/** What the outsider publishes on. */
export const SMUGGLED_SUBJECT = 'smuggled'

export interface Insider {
  amend(text: string, config: ServerConfig): string
  /** Of the callout account, all permissions. */
  inside(): Authenticator
  /** Of an account that the callout account imports from. */
  outside(): Authenticator
}

const PASSWORD = 'lab-password'
const UNLIMITED = { subs: -1, data: -1, payload: -1 }
const UNLIMITED_ACCOUNT = { ...UNLIMITED, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true }
const EVERYTHING = { pub: { allow: ['>'] }, sub: { allow: ['>'] } }

export function createInsider(): Insider {
  let inside: Authenticator = usernamePasswordAuthenticator('insider', PASSWORD)
  let outside: Authenticator = usernamePasswordAuthenticator('outsider', PASSWORD)
  return {
    amend(text, config) {
      if (config.bridge.mode === 'config') return amendConfigMode(text)
      const lab = freshKeys.signing('A')
      const { name, publicKey } = config.bridge.calloutAccount
      const insider = makeUser(keyIn(config, `${name}.nk`, publicKey))
      inside = insider.authenticator
      outside = makeUser(lab).authenticator
      return amendOperatorMode(text, config, insider.publicKey, lab)
    },
    inside: () => inside,
    outside: () => outside,
  }
}

function amendConfigMode(text: string): string {
  const lab = `LAB: {users: [{user: outsider, password: ${PASSWORD}}], exports: [{stream: ${SMUGGLED_SUBJECT}}]}`
  const imports = `imports: [{stream: {account: LAB, subject: ${SMUGGLED_SUBJECT}}, to: "${CALLOUT_SUBJECT}"}]`
  return text
    .replace('AUTH: {', () => `${lab}\n  AUTH: {\n    ${imports}`)
    .replace('users: [\n', `users: [\n      {user: insider, password: ${PASSWORD}}\n`)
    .replace('auth_users: [', 'auth_users: ["insider", "outsider", ')
}

function amendOperatorMode(text: string, config: ServerConfig, insider: string, lab: MadeKey): string {
  if (config.bridge.mode !== 'operator') throw new Error('not operator mode')
  const { jwt } = config.bridge.calloutAccount
  const smuggled = { name: SMUGGLED_SUBJECT, subject: SMUGGLED_SUBJECT, type: 'stream' }
  const calloutJwt = resignAccount(config, jwt, ({ authorization }) => ({
    imports: [{ ...smuggled, account: lab.publicKey, local_subject: CALLOUT_SUBJECT }],
    authorization: { ...authorization, auth_users: [...(authorization?.auth_users ?? []), insider] },
  }))
  const operator = decode<Account>(jwt).iss
  const labJwt = signClaims(
    {
      iss: operator,
      sub: lab.publicKey,
      name: 'LAB',
      nats: { limits: UNLIMITED_ACCOUNT, exports: [smuggled], type: 'account', version: 2 },
    },
    keyIn(config, 'operator.nk', operator),
    'O',
  )
  return text
    .replace(jwt, () => calloutJwt)
    .replace('resolver_preload: {', `resolver_preload: {\n  ${lab.publicKey}: "${labJwt}"`)
}

function makeUser(account: MadeKey): { readonly publicKey: string; readonly authenticator: Authenticator } {
  const user = freshKeys.signing('U')
  const nats = { ...EVERYTHING, ...UNLIMITED, type: 'user', version: 2 }
  const jwt = signClaims({ iss: account.publicKey, sub: user.publicKey, name: 'lab', nats }, account, 'A')
  const creds = [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '-----BEGIN USER NKEY SEED-----',
    user.seed,
    '------END USER NKEY SEED------',
    '',
  ]
  return { publicKey: user.publicKey, authenticator: credsAuthenticator(Buffer.from(creds.join('\n'))) }
}
