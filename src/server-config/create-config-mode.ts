/** Config mode, keys and all: makes what is missing, and says where each half goes. */
import { writeConfigMode } from './config-mode.ts'
import { keyFile } from './key-file.ts'
import type { KeyFactory, MadeKey } from './keys.ts'
import { noticesOf } from './notices.ts'
import { SESSIONS_INBOX_PREFIX } from './permissions.ts'
import type { GeneratedFile, KeyInFile, OwnLogin, ServerConfig } from './server-config.ts'
import type { ServerVersion } from './server-version.ts'
import { BRIDGE_USER, type CompleteSetup, type StoredPassword } from './setup.ts'
import type { StaticLogin } from './static-users.ts'

const ISSUER_PURPOSE =
  'signs every login that the bridge lets in: nats-server believes whoever holds it. The bridge reads it as callout issuer'
const XKEY_PURPOSE = 'opens the requests that nats-server seals. The bridge reads it as callout xkey'
const BRIDGE_PURPOSE = 'the bridge logs in to nats-server with it'
const QUESTIONS_PURPOSE = 'the bridge answers questions about the policy with it'
const SESSIONS_PURPOSE = 'the bridge finds and closes connections with it, in the system account'

export function createConfigMode(setup: CompleteSetup, version: ServerVersion, keys: KeyFactory): ServerConfig {
  const files: GeneratedFile[] = []
  const keep = (name: string, key: MadeKey, holder: GeneratedFile['holder'], purpose: string): Required<KeyInFile> => {
    files.push(keyFile(name, key, holder, purpose))
    return { publicKey: key.publicKey, file: name }
  }
  const given = setup.publicKeys ?? {}
  const issuer = inFile(given.issuer) ?? keep('issuer.nk', keys.signing('A'), 'bridge', ISSUER_PURPOSE)
  const xkey = setup.sealed ? (inFile(given.xkey) ?? keep('xkey.nk', keys.curve(), 'bridge', XKEY_PURPOSE)) : undefined
  const bridge = loginOf(
    BRIDGE_USER,
    setup.bridgePassword,
    () => inFile(given.bridge) ?? keep('bridge.nk', keys.signing('U'), 'bridge', BRIDGE_PURPOSE),
  )
  const sessions = setup.sessions
    ? nkeyLogin(keep('sessions.nk', keys.signing('U'), 'bridge', SESSIONS_PURPOSE))
    : undefined
  const questions =
    setup.questions === undefined
      ? undefined
      : nkeyLogin(keep('questions.nk', keys.signing('U'), 'bridge', QUESTIONS_PURPOSE))
  const breakGlass = setup.breakGlass.map(({ name, account, password }) => {
    const purpose = `${name} logs in to ${account} with it when no bridge answers. Lock it away`
    return {
      name,
      account,
      password,
      login: loginOf(name, password, () => keep(`${name}.nk`, keys.signing('U'), 'break-glass', purpose)),
    }
  })
  const text = writeConfigMode(setup, version, {
    issuer: issuer.publicKey,
    ...(xkey === undefined ? {} : { xkey: xkey.publicKey }),
    bridge: staticLogin(bridge, setup.bridgePassword),
    ...(sessions === undefined ? {} : { sessions: { nkey: sessions.publicKey } }),
    ...(questions === undefined ? {} : { questions: { nkey: questions.publicKey } }),
    breakGlass: breakGlass.map(({ login, password }) => staticLogin(login, password)),
  })
  return {
    text,
    files,
    notices: noticesOf(setup, version),
    bridge: {
      mode: 'config',
      queue: setup.queue,
      calloutAccount: setup.calloutAccount,
      accounts: setup.accounts,
      issuer,
      ...(xkey === undefined ? {} : { xkey }),
      login: bridge,
      ...(sessions === undefined ? {} : { sessions: { ...sessions, inboxPrefix: SESSIONS_INBOX_PREFIX } }),
      ...(questions === undefined ? {} : { questions }),
    },
    breakGlass: breakGlass.map(({ name, account, login }) => ({ name, account, login })),
  }
}

type NkeyLogin = Extract<OwnLogin, { kind: 'nkey' }>
type PasswordLogin = Extract<OwnLogin, { kind: 'password' }>

function inFile(publicKey: string | undefined): KeyInFile | undefined {
  return publicKey === undefined ? undefined : { publicKey }
}

function nkeyLogin(key: KeyInFile): NkeyLogin {
  return { kind: 'nkey', ...key }
}

function loginOf(user: string, password: StoredPassword | undefined, key: () => KeyInFile): NkeyLogin | PasswordLogin {
  return password === undefined ? nkeyLogin(key()) : { kind: 'password', user }
}

function staticLogin(login: NkeyLogin | PasswordLogin, password: StoredPassword | undefined): StaticLogin {
  if (login.kind === 'nkey') return { nkey: login.publicKey }
  if (password === undefined) throw new Error('a login by password has none')
  return { user: login.user, password }
}
