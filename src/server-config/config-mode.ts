/**
 * nats-server in config mode: accounts and the callout stand in the configuration file. Pure.
 * No user can log in but the ones named here and those the bridge lets in; nothing here is secret.
 */
import { block, blocks, given, setting, writeConf, type Entry } from './conf-text.ts'
import { serverEntries } from './listener-entries.ts'
import type { ServerVersion } from './server-version.ts'
import type { CompleteSetup } from './setup.ts'
import { nameInConnect, staticUsers, userEntry, type ConfigModeMaterial, type StaticUser } from './static-users.ts'

const TIMEOUT =
  'Seconds a login may wait for the bridge. The default of 2 turns a storm of reconnects into a storm of retries.'
const DELEGATED =
  'Static users of these accounts, and unknown clients, are decided by the bridge. It does not limit where the bridge places a client: ' +
  'the bridge has its own list for that.'

export function writeConfigMode(setup: CompleteSetup, version: ServerVersion, material: ConfigModeMaterial): string {
  const users = staticUsers(setup, material)
  return writeConf(heading(setup), [
    ...serverEntries(setup, version),
    block('accounts', accountEntries(setup, users), 'Tenants. Subjects of one account are invisible to all others.'),
    setting(
      'system_account',
      setup.systemAccount,
      'Where the server publishes its own events. No client is placed in it.',
    ),
    authorizationEntry(setup, material, users),
  ])
}

function heading(setup: CompleteSetup): string[] {
  return [
    `nats-server configuration for the NATS identity bridge: config mode, nats-server ${setup.serverVersion}.`,
    'Every login that is not named under auth_users is decided by the bridge; without a bridge nobody else gets in.',
    '',
    'Left out on purpose: no_auth_user (it lets in who shows no credentials), users in authorization.',
    'A reload (SIGHUP) closes the connections of all clients that the bridge let in: they come back through it.',
  ]
}

function accountEntries(setup: CompleteSetup, users: readonly StaticUser[]): Entry[] {
  const storage = given(setup.jetstream, () => [
    setting('jetstream', 'enabled', 'Streams of this account; without it there are none.'),
  ])
  return [
    account(setup.calloutAccount, users, 'The callout lives alone in its account: no client ever sees a request.'),
    account(setup.systemAccount, users, 'The system account.'),
    ...setup.accounts.map((name) =>
      account(name, users, 'Clients are placed here. Imports, exports and limits go here.', storage),
    ),
  ]
}

function account(name: string, all: readonly StaticUser[], why: string, more: readonly Entry[] = []): Entry {
  const users = all.filter((user) => user.account === name).map(userEntry)
  const list = users.length === 0 ? [] : [blocks('users', users, 'Users that the server knows without asking.')]
  return block(name, [...more, ...list], why)
}

function authorizationEntry(setup: CompleteSetup, material: ConfigModeMaterial, users: readonly StaticUser[]): Entry {
  const { calloutAccount, delegatedAccounts } = setup
  const callout = block(
    'auth_callout',
    [
      setting('issuer', material.issuer, 'Public half of the key that the bridge signs with.'),
      setting('account', calloutAccount, 'Requests are published here, and nowhere else.'),
      setting('auth_users', users.map(nameInConnect), 'Logins that the server decides by itself, right or wrong.'),
      ...given(material.xkey, (xkey) => [
        setting('xkey', xkey, 'Requests are sealed to this key: the bridge alone can read the tokens in them.'),
      ]),
      // The callout's own account is listed, as outside of the list the server forgets to forbid requests made by its users.
      ...given(delegatedAccounts, (accounts) => [
        setting('allowed_accounts', [calloutAccount, ...accounts], DELEGATED),
      ]),
    ],
    'Everybody else is asked about at the bridge.',
  )
  return block(
    'authorization',
    [setting('timeout', setup.authorizationTimeout, TIMEOUT), callout],
    'How clients log in.',
  )
}
