/**
 * nats-server in operator mode: the configuration names the operator and carries the account JWTs; the callout stands in the JWT of
 * the callout account. Pure. Nothing here is secret.
 */
import { block, setting, writeConf, type Entry } from './conf-text.ts'
import { serverEntries } from './listener-entries.ts'
import { isAtLeast, SINCE, type ServerVersion } from './server-version.ts'
import type { CompleteSetup } from './setup.ts'

export interface AccountInFile {
  readonly name: string
  readonly publicKey: string
  readonly jwt: string
}

export interface OperatorModeMaterial {
  readonly operatorJwt: string
  readonly system: AccountInFile
  readonly callout: AccountInFile
  readonly targets: readonly AccountInFile[]
  readonly sentinelJwt: string
}

export function writeOperatorMode(
  setup: CompleteSetup,
  version: ServerVersion,
  material: OperatorModeMaterial,
): string {
  return writeConf(heading(setup), [
    ...serverEntries(setup, version),
    setting('operator', material.operatorJwt, 'Whose account JWTs this server believes.'),
    setting(
      'system_account',
      material.system.publicKey,
      `${material.system.name}, where the server publishes its own events. No client is placed in it.`,
    ),
    setting('resolver', 'MEMORY', 'The accounts are those of this file. Change them here, then reload.'),
    block('resolver_preload', preload(material), 'The account JWTs, by public key.'),
    ...sentinelEntries(version, material.sentinelJwt),
    block(
      'authorization',
      [
        setting(
          'timeout',
          setup.authorizationTimeout,
          'Seconds a login may wait for the bridge. The default of 2 turns a storm of reconnects into a storm of retries.',
        ),
      ],
      'How long a login may take. Who gets in stands in the account JWTs: auth_callout has no place here in operator mode.',
    ),
  ])
}

function heading(setup: CompleteSetup): string[] {
  return [
    `nats-server configuration for the NATS identity bridge: operator mode, nats-server ${setup.serverVersion}.`,
    `Every login with the sentinel is decided by the bridge. Users of ${setup.systemAccount} and of the accounts that clients are placed in`,
    'who hold credentials signed by the account itself get in without it.',
    '',
    'Read a JWT with `nsc describe jwt --file <name>.jwt`. A reload (SIGHUP) that changes an account may close its connections.',
  ]
}

function preload({ system, callout, targets }: OperatorModeMaterial): Entry[] {
  return [
    preloaded(
      system,
      `${system.name}: the system account. No bearer tokens; users without permissions may do nothing.`,
    ),
    preloaded(
      callout,
      `${callout.name}: the callout. Its JWT names the bridge (auth_users), the accounts it may place clients in ` +
        '(allowed_accounts, enforced by the server) and the xkey, if any.',
    ),
    ...targets.map((target) =>
      preloaded(target, `${target.name}: clients are placed here. Its JWT lists the key that the bridge signs with.`),
    ),
  ]
}

function preloaded({ publicKey, jwt }: AccountInFile, why: string): Entry {
  return setting(publicKey, jwt, why)
}

function sentinelEntries(version: ServerVersion, jwt: string): Entry[] {
  if (!isAtLeast(version, SINCE.defaultSentinel)) return []
  const why =
    'Taken for clients that show no NATS JWT of their own, so that a token is all they need. It may do nothing: it only says who decides.'
  return [setting('default_sentinel', jwt, why)]
}
