/**
 * Operator mode, keys and JWTs and all: operator, system account, callout account, the accounts that clients are placed in.
 * Each account's own key is needed to change the account and can stay offline: the bridge gets unscoped signing keys.
 */
import type { KeyFactory, SignClaims } from './keys.ts'
import { noticesOf } from './notices.ts'
import { createOperatorIssuer, type MadeAccount, type MadeUser, type OperatorIssuer } from './operator-issuer.ts'
import { writeOperatorMode } from './operator-mode.ts'
import {
  bridgePermissions,
  EVERYTHING,
  NOTHING,
  QUESTIONS_PERMISSIONS,
  SESSIONS_INBOX_PREFIX,
  SESSIONS_PERMISSIONS,
} from './permissions.ts'
import type { BreakGlassLogin, ServerConfig } from './server-config.ts'
import { isAtLeast, SINCE, type ServerVersion } from './server-version.ts'
import { BRIDGE_USER, QUESTIONS_USER, SESSIONS_USER, type CompleteSetup } from './setup.ts'

const OPERATOR_NAME = 'nib-operator'

export function createOperatorMode(
  setup: CompleteSetup,
  version: ServerVersion,
  keys: KeyFactory,
  sign: SignClaims,
): ServerConfig {
  const issuer = createOperatorIssuer(keys, sign)
  const system = issuer.account(setup.systemAccount)
  const callout = issuer.account(setup.calloutAccount)
  const targets = setup.accounts.map((name) => issuer.account(name))
  const xkey = setup.sealed ? issuer.xkey() : undefined
  const bridge = bridgeUser(issuer, callout, setup)
  const sentinel = sentinelUser(issuer, callout)
  const sessions = setup.sessions ? sessionsUser(issuer, system) : undefined
  const questions = questionsUser(issuer, targets, setup)
  const breakGlass = setup.breakGlass.flatMap((user) => breakGlassUser(issuer, [system, ...targets], user))

  const calloutAccount = issuer.signingAccount(callout, 'signs the responses of the bridge', {
    bearers: true,
    callout: {
      users: [bridge.login.publicKey],
      allowedAccounts: targets.map(({ identity }) => identity.publicKey),
      ...(xkey === undefined ? {} : { xkey: xkey.publicKey }),
    },
  })
  const accounts = targets.map((target) =>
    issuer.signingAccount(target, `signs the users that the bridge places in ${target.name}`, {
      jetstream: setup.jetstream !== undefined,
    }),
  )
  const text = writeOperatorMode(setup, version, {
    operatorJwt: issuer.operatorJwt(OPERATOR_NAME, system),
    system: { name: system.name, publicKey: system.identity.publicKey, jwt: issuer.accountJwt(system) },
    callout: calloutAccount,
    targets: accounts,
    sentinelJwt: sentinel.jwt,
  })
  return {
    text,
    files: issuer.files,
    notices: noticesOf(setup, version),
    bridge: {
      mode: 'operator',
      queue: setup.queue,
      calloutAccount,
      accounts,
      ...(xkey === undefined ? {} : { xkey: { publicKey: xkey.publicKey, file: 'xkey.nk' } }),
      login: bridge.login,
      ...(sessions === undefined ? {} : { sessions: { ...sessions.login, inboxPrefix: SESSIONS_INBOX_PREFIX } }),
      ...(questions === undefined ? {} : { questions: questions.login }),
      sentinel: {
        jwt: sentinel.jwt,
        file: sentinel.login.file,
        assumedByServer: isAtLeast(version, SINCE.defaultSentinel),
      },
    },
    breakGlass,
  }
}

function bridgeUser(issuer: OperatorIssuer, callout: MadeAccount, setup: CompleteSetup): MadeUser {
  const permissions = bridgePermissions(setup.queue, setup.replies, setup.authorizationTimeout)
  const purpose = 'the bridge logs in to nats-server with it'
  return issuer.user(callout, { name: BRIDGE_USER, permissions }, { name: 'bridge.creds', holder: 'bridge', purpose })
}

function sentinelUser(issuer: OperatorIssuer, callout: MadeAccount): MadeUser {
  const purpose = 'brings a client to the bridge, beside its token; opens nothing by itself, so it is no secret'
  const traits = { name: 'sentinel', permissions: NOTHING, bearer: true }
  return issuer.user(callout, traits, { name: 'sentinel.creds', holder: 'clients', purpose })
}

function sessionsUser(issuer: OperatorIssuer, system: MadeAccount): MadeUser {
  const purpose = 'the bridge finds and closes connections with it, in the system account'
  const traits = { name: SESSIONS_USER, permissions: SESSIONS_PERMISSIONS }
  return issuer.user(system, traits, { name: 'sessions.creds', holder: 'bridge', purpose })
}

function questionsUser(
  issuer: OperatorIssuer,
  targets: readonly MadeAccount[],
  setup: CompleteSetup,
): MadeUser | undefined {
  const home = targets.find(({ name }) => name === setup.questions)
  if (home === undefined) return undefined
  const purpose = 'the bridge answers questions about the policy with it'
  const traits = { name: QUESTIONS_USER, permissions: QUESTIONS_PERMISSIONS }
  return issuer.user(home, traits, { name: 'questions.creds', holder: 'bridge', purpose })
}

function breakGlassUser(
  issuer: OperatorIssuer,
  homes: readonly MadeAccount[],
  { name, account }: CompleteSetup['breakGlass'][number],
): BreakGlassLogin[] {
  const home = homes.find((made) => made.name === account)
  if (home === undefined) return []
  const purpose = `${name} logs in to ${account} with it when no bridge answers. Lock it away`
  const file = { name: `${name}.creds`, holder: 'break-glass', purpose } as const
  const user = issuer.user(home, { name, permissions: EVERYTHING }, file)
  return [{ name, account, login: user.login }]
}
