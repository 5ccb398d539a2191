/**
 * Everything that is wrong with a setup, all at once. Pure.
 * Refuses what nats-server would refuse at start, and what it would take but that would be a hole: clients in the system account or the
 * callout's own, a user name that stands twice, a password that is not a hash.
 */
import { isPublicKey } from '../nkey/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { isAtLeast, parseServerVersion, SINCE, type Release, type ServerVersion } from './server-version.ts'
import {
  BRIDGE_USER,
  QUESTIONS_USER,
  SESSIONS_USER,
  type CompleteSetup,
  type Listener,
  type StoredPassword,
} from './setup.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
const NAME_RULE = 'expected 1 to 64 letters, digits, "_" and "-", the first a letter or digit'
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
/** What nats-server takes for a hash; anything else it would take for the password itself. */
const BCRYPT = /^\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{53}$/
const ORIGIN = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/

type Report = (code: string, message: string, hint?: string) => void

/** @returns no version exactly when one of the diagnostics says that there is none. */
export function checkSetup(setup: CompleteSetup): {
  readonly version: ServerVersion | undefined
  readonly problems: readonly Diagnostic[]
} {
  const problems: Diagnostic[] = []
  const report: Report = (code, message, hint) =>
    problems.push({ severity: 'error', code, message, ...(hint === undefined ? {} : { hint }) })
  const version = checkVersion(setup, report)
  checkNames(setup, report)
  checkUsers(setup, report)
  checkKeys(setup, report)
  checkListeners(setup, report)
  checkLimits(setup, report)
  if (version !== undefined) checkFeatures(setup, version, report)
  return { version, problems }
}

function checkVersion(setup: CompleteSetup, report: Report): ServerVersion | undefined {
  const version = parseServerVersion(setup.serverVersion)
  if (!version.ok) {
    report('server-version', `serverVersion: ${version.error}`)
    return undefined
  }
  if (isAtLeast(version.value, SINCE.authCallout)) return version.value
  report('server-version', `serverVersion: nats-server has auth_callout since ${SINCE.authCallout}`, 'use a newer one')
  return undefined
}

function checkNames(setup: CompleteSetup, report: Report): void {
  const named: (readonly [string, string])[] = [
    ['calloutAccount', setup.calloutAccount],
    ['systemAccount', setup.systemAccount],
    ['serverName', setup.serverName],
    ['queue', setup.queue],
    ...setup.accounts.map((name, index) => [`accounts[${index}]`, name] as const),
    ...setup.breakGlass.map(({ name }, index) => [`breakGlass[${index}].name`, name] as const),
  ]
  for (const [path, name] of named) if (!NAME.test(name)) report('name', `${path}: ${NAME_RULE}`)
  if (setup.accounts.length === 0)
    report('accounts', 'accounts: expected at least one account that clients are placed in')
  if (setup.calloutAccount === setup.systemAccount)
    report('account-reserved', 'calloutAccount: the callout needs an account of its own, not the system account')
  for (const [index, name] of setup.accounts.entries()) {
    const path = `accounts[${index}]`
    if (name === setup.calloutAccount) report('account-reserved', `${path}: only the bridge lives in ${name}`)
    if (name === setup.systemAccount) report('account-reserved', `${path}: ${name} is the system account`)
    if (setup.accounts.indexOf(name) !== index) report('account-twice', `${path}: ${name} stands twice`)
  }
}

function checkUsers(setup: CompleteSetup, report: Report): void {
  const taken = new Set([BRIDGE_USER, SESSIONS_USER, QUESTIONS_USER])
  for (const [index, user] of setup.breakGlass.entries()) {
    const path = `breakGlass[${index}]`
    if (taken.has(user.name)) report('user-twice', `${path}.name: the user ${user.name} stands twice`)
    taken.add(user.name)
    if (user.account !== setup.systemAccount && !setup.accounts.includes(user.account))
      report('break-glass-account', `${path}.account: expected ${setup.systemAccount} or one of the accounts`)
    if (user.password !== undefined) checkPassword(user.password, `${path}.password`, setup, report)
  }
  if (setup.questions !== undefined && !setup.accounts.includes(setup.questions))
    report('questions-account', 'questions: expected one of the accounts')
  if (setup.bridgePassword !== undefined) checkPassword(setup.bridgePassword, 'bridgePassword', setup, report)
}

function checkPassword(password: StoredPassword, path: string, setup: CompleteSetup, report: Report): void {
  if (setup.mode === 'operator')
    report('password-in-operator-mode', `${path}: in operator mode users log in with credentials files, not passwords`)
  if ('variable' in password) {
    if (!VARIABLE.test(password.variable)) report('password', `${path}: expected the name of an environment variable`)
  } else if (!BCRYPT.test(password.bcrypt))
    report('password', `${path}: expected a bcrypt hash`, 'make one with `nats server passwd` or `htpasswd -nBC 11 ""`')
}

function checkKeys(setup: CompleteSetup, report: Report): void {
  const { issuer, xkey, bridge } = setup.publicKeys ?? {}
  if (setup.publicKeys !== undefined && setup.mode === 'operator')
    report('keys-in-operator-mode', 'publicKeys: in operator mode the account JWTs hold the keys, and are made here')
  if (issuer !== undefined && !isPublicKey(issuer, 'A'))
    report('key', 'publicKeys.issuer: expected the public key of an account (starts with A)')
  if (xkey !== undefined && !isPublicKey(xkey, 'X'))
    report('key', 'publicKeys.xkey: expected a public curve key (starts with X)')
  if (xkey !== undefined && !setup.sealed) report('key', 'publicKeys.xkey: given, but requests are not to be sealed')
  if (bridge !== undefined && !isPublicKey(bridge, 'U'))
    report('key', 'publicKeys.bridge: expected the public key of a user (starts with U)')
  if (bridge !== undefined && setup.bridgePassword !== undefined)
    report('key', 'publicKeys.bridge: the bridge logs in with a key or with a password, not both')
  for (const [index, key] of setup.trustedProxies.entries())
    if (!isPublicKey(key, 'U')) report('key', `trustedProxies[${index}]: expected a public nkey (starts with U)`)
}

function checkListeners(setup: CompleteSetup, report: Report): void {
  for (const [name, listener] of Object.entries<Listener | undefined>({ ...setup.listeners })) {
    if (listener === undefined) continue
    if (listener.host === '' || CONTROL.test(listener.host))
      report('listener', `listeners.${name}.host: not an address`)
    if (!Number.isInteger(listener.port) || listener.port < -1 || listener.port === 0 || listener.port > 65_535)
      report('listener', `listeners.${name}.port: expected 1 to 65535, or -1 for a free one`)
  }
  const { tokenCookie: cookie, origins } = setup.listeners.websocket ?? {}
  if (cookie !== undefined && !NAME.test(cookie)) report('listener', `listeners.websocket.tokenCookie: ${NAME_RULE}`)
  if (cookie === undefined && origins !== undefined)
    report('listener', 'listeners.websocket.origins: without tokenCookie a page has nothing to log in with')
  for (const [index, origin] of (origins ?? []).entries())
    if (!ORIGIN.test(origin))
      report('listener', `listeners.websocket.origins[${index}]: expected an origin, such as https://shop.example`)
  if (setup.listeners.mqtt !== undefined && setup.jetstream === undefined)
    report(
      'mqtt',
      'listeners.mqtt: nats-server keeps MQTT sessions in JetStream, which is off',
      'set jetstream as well',
    )
  const { certFile, keyFile, caFile } = setup.tls ?? {}
  const paths = { 'tls.certFile': certFile, 'tls.keyFile': keyFile, 'tls.caFile': caFile }
  for (const [path, file] of Object.entries({ ...paths, 'jetstream.storeDir': setup.jetstream?.storeDir }))
    if (file !== undefined && (file === '' || CONTROL.test(file))) report('path', `${path}: not a path`)
}

function checkLimits(setup: CompleteSetup, report: Report): void {
  const { maxControlLine, authorizationTimeout } = setup
  if (!Number.isInteger(maxControlLine) || maxControlLine < 4096 || maxControlLine > 1_048_576)
    report('limit', 'maxControlLine: expected 4096 (the default of nats-server) to 1048576 bytes')
  if (!(authorizationTimeout >= 1 && authorizationTimeout <= 60))
    report('limit', 'authorizationTimeout: expected 1 to 60 seconds')
}

function checkFeatures(setup: CompleteSetup, version: ServerVersion, report: Report): void {
  const since = (path: string, release: Release, wanted: boolean): void => {
    if (wanted && !isAtLeast(version, release))
      report('server-too-old', `${path}: nats-server has it since ${release}, not in ${setup.serverVersion}`)
  }
  const { delegatedAccounts, trustedProxies, listeners } = setup
  since('delegatedAccounts', SINCE.allowedAccounts, delegatedAccounts !== undefined)
  since('trustedProxies', SINCE.proxies, trustedProxies.length > 0)
  since('listeners.websocket.tokenCookie', SINCE.tokenCookie, listeners.websocket?.tokenCookie !== undefined)
  if (delegatedAccounts === undefined) return
  if (setup.mode === 'operator')
    report('delegated-accounts', 'delegatedAccounts: operator mode has no static users to delegate')
  for (const [index, name] of delegatedAccounts.entries())
    if (!setup.accounts.includes(name))
      report('delegated-accounts', `delegatedAccounts[${index}]: expected one of the accounts`)
}
