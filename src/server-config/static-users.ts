/** The users that config mode knows by name: the bridge, its session control, break glass. Pure. */
import { block, given, setting, type Entry } from './conf-text.ts'
import {
  bridgePermissions,
  EVERYTHING,
  QUESTIONS_PERMISSIONS,
  SESSIONS_PERMISSIONS,
  type OwnPermissions,
} from './permissions.ts'
import { BRIDGE_USER, QUESTIONS_USER, SESSIONS_USER, type CompleteSetup, type StoredPassword } from './setup.ts'

/** How a user of the file proves itself. */
export type StaticLogin = { readonly nkey: string } | { readonly user: string; readonly password: StoredPassword }

/** Public halves of the keys, and the logins, that go into the file. */
export interface ConfigModeMaterial {
  readonly issuer: string
  readonly xkey?: string
  readonly bridge: StaticLogin
  readonly sessions?: StaticLogin
  readonly questions?: StaticLogin
  /** In the order of the setup. */
  readonly breakGlass: readonly StaticLogin[]
}

export interface StaticUser {
  readonly name: string
  readonly account: string
  readonly login: StaticLogin
  readonly permissions: OwnPermissions
  readonly why: string
}

export function staticUsers(setup: CompleteSetup, material: ConfigModeMaterial): StaticUser[] {
  const { calloutAccount, systemAccount, queue, replies, authorizationTimeout } = setup
  const bridge: StaticUser = {
    name: BRIDGE_USER,
    account: calloutAccount,
    login: material.bridge,
    permissions: bridgePermissions(queue, replies, authorizationTimeout),
    why: 'The bridge.',
  }
  const sessions = material.sessions === undefined ? [] : [sessionsUser(systemAccount, material.sessions)]
  const breakGlass = setup.breakGlass.flatMap(({ name, account }, index) => {
    const login = material.breakGlass[index]
    if (login === undefined) return []
    const why = `Break glass (${name}): full rights in ${account}, without the bridge. Lock its secret away and watch its use.`
    return [{ name, account, login, permissions: EVERYTHING, why }]
  })
  return [bridge, ...sessions, ...questionsUser(setup, material), ...breakGlass]
}

function questionsUser({ questions: account }: CompleteSetup, { questions: login }: ConfigModeMaterial): StaticUser[] {
  if (account === undefined || login === undefined) return []
  const why = 'The bridge again, to answer questions about the policy.'
  return [{ name: QUESTIONS_USER, account, login, permissions: QUESTIONS_PERMISSIONS, why }]
}

function sessionsUser(account: string, login: StaticLogin): StaticUser {
  const why = 'The bridge again, to find and close the connections of those whose rights have changed.'
  return { name: SESSIONS_USER, account, login, permissions: SESSIONS_PERMISSIONS, why }
}

export function userEntry({ login, permissions, why }: StaticUser): Entry[] {
  return [...loginEntries(login, why), ...permissionEntries(permissions)]
}

/** nats-server compares `auth_users` with what the client sends: its nkey, else its user name. */
export function nameInConnect({ login }: StaticUser): string {
  return 'nkey' in login ? login.nkey : login.user
}

function loginEntries(login: StaticLogin, why: string): Entry[] {
  if ('nkey' in login) return [setting('nkey', login.nkey, `${why} Logs in with the other half of this key.`)]
  const { user, password } = login
  if ('bcrypt' in password)
    return [setting('user', user, why), setting('password', password.bcrypt, 'A bcrypt hash, not the password.')]
  const source = `Read from ${password.variable} in the environment of nats-server; a bcrypt hash will do. Quote one that is all digits.`
  return [setting('user', user, why), setting('password', password, source)]
}

function permissionEntries({ publish, subscribe, reply }: OwnPermissions): Entry[] {
  const mayPublish = reply === undefined ? 'May publish.' : 'May publish nothing of its own accord.'
  return [
    block(
      'permissions',
      [
        block('publish', reply === undefined ? listEntries(publish) : repliesOnly(publish), mayPublish),
        block('subscribe', listEntries(subscribe), 'May subscribe.'),
        ...given(reply, ({ max, seconds }) => [
          block(
            'allow_responses',
            [
              setting('max', max, 'Replies to each request. Three replies to one login would block the server.'),
              setting('expires', `${seconds}s`, 'After this nobody waits any more, and a reply is of no use.'),
            ],
            'May answer a request that was delivered to it.',
          ),
        ]),
      ],
      'All that it may do.',
    ),
  ]
}

/** A tracked reply goes out whatever the deny list says. */
function repliesOnly({ deny = [] }: OwnPermissions['publish']): Entry[] {
  return [setting('deny', deny, 'No subject but those of requests that wait for an answer: see allow_responses.')]
}

function listEntries({ allow, deny }: OwnPermissions['publish']): Entry[] {
  return [
    ...given(allow, (list) => [setting('allow', list, 'These and no others. A second word is a queue group.')]),
    ...given(deny, (list) => [setting('deny', list, 'Never these, whatever is allowed.')]),
  ]
}
