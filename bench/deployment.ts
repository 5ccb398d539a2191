/** One nats-server set-up and the keys that belong to it: its configuration text, and what a responder must know to serve it. */
import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt'
import { randomBytes } from 'node:crypto'
import { createAccount, createCurve, createOperator, createUser, type KeyPair } from 'nkeys.js'
import type { ResponderSetup } from './responder-setup.ts'
import { ACCOUNT } from './world.ts'

export interface DeploymentOptions {
  readonly mode: 'config' | 'operator'
  readonly sealed: boolean
  /** nats-server `authorization.timeout`, seconds; the server's own default is 2. */
  readonly authorizationTimeout: number
}

export interface Deployment {
  readonly serverConfig: string
  readonly keys: Pick<ResponderSetup, 'mode' | 'login' | 'account' | 'userSigner' | 'responseSigner'> & {
    readonly xkeySeed?: string
  }
}

const BRIDGE_USER = 'bridge'
/** What `nib server-config` gives the bridge: one reply to each request, and nothing else. */
const BRIDGE_PERMISSIONS = {
  publish: { deny: ['>'] },
  subscribe: { allow: ['$SYS.REQ.USER.AUTH bridge'] },
  allow_responses: { max: 1, expires: '5s' },
}
const BRIDGE_RESPONSES = { max: 1, ttl: 5_000_000_000 }
const NO_PERMISSIONS = { pub: { deny: ['>'] }, sub: { deny: ['>'] } }
/** An account JWT without limits allows nothing. */
const UNLIMITED = { conn: -1, leaf: -1, imports: -1, exports: -1, subs: -1, data: -1, payload: -1, wildcards: true }
const COMMON = {
  listen: '127.0.0.1:-1',
  server_name: 'bench',
  // A token fits into the default of 4096 with little to spare.
  max_control_line: 16_384,
}

export async function createDeployment(options: DeploymentOptions): Promise<Deployment> {
  const xkey = options.sealed ? createCurve() : undefined
  return options.mode === 'config' ? configMode(options, xkey) : operatorMode(options, xkey)
}

function configMode(options: DeploymentOptions, xkey: KeyPair | undefined): Deployment {
  const issuer = createAccount()
  const password = randomBytes(24).toString('hex')
  const signer = { seed: seedOf(issuer) }
  const config = {
    ...COMMON,
    accounts: {
      AUTH: { users: [{ user: BRIDGE_USER, password, permissions: BRIDGE_PERMISSIONS }] },
      SYS: {},
      [ACCOUNT]: {},
    },
    system_account: 'SYS',
    authorization: {
      timeout: options.authorizationTimeout,
      auth_callout: {
        issuer: issuer.getPublicKey(),
        account: 'AUTH',
        auth_users: [BRIDGE_USER],
        ...(xkey === undefined ? {} : { xkey: xkey.getPublicKey() }),
      },
    },
  }
  return {
    serverConfig: JSON.stringify(config, undefined, 2),
    keys: {
      mode: 'config',
      login: { user: BRIDGE_USER, password },
      account: ACCOUNT,
      userSigner: signer,
      responseSigner: signer,
      ...sealedWith(xkey),
    },
  }
}

async function operatorMode(options: DeploymentOptions, xkey: KeyPair | undefined): Promise<Deployment> {
  const operator = createOperator()
  const [sys, auth, authSigner, bench, benchSigner] = Array.from({ length: 5 }, () => createAccount()) as FiveKeys
  const bridge = createUser()
  const account = async (name: string, key: KeyPair, claims: Parameters<typeof encodeAccount>[2]): Promise<string> =>
    encodeAccount(name, key, { limits: UNLIMITED, ...claims }, { signer: operator })
  const authClaims = {
    signing_keys: [authSigner.getPublicKey()],
    authorization: {
      auth_users: [bridge.getPublicKey()],
      allowed_accounts: [bench.getPublicKey()],
      ...(xkey === undefined ? {} : { xkey: xkey.getPublicKey() }),
    },
  }
  const sentinelPermissions = { ...NO_PERMISSIONS, bearer_token: true }
  const bridgePermissions = {
    pub: BRIDGE_PERMISSIONS.publish,
    sub: BRIDGE_PERMISSIONS.subscribe,
    resp: BRIDGE_RESPONSES,
  }
  const authJwt = await account('AUTH', auth, authClaims)
  const benchJwt = await account(ACCOUNT, bench, { signing_keys: [benchSigner.getPublicKey()] })
  const config = {
    ...COMMON,
    operator: await encodeOperator('bench', operator, { system_account: sys.getPublicKey() }),
    system_account: sys.getPublicKey(),
    resolver: 'MEMORY',
    resolver_preload: {
      [sys.getPublicKey()]: await account('SYS', sys, {}),
      [auth.getPublicKey()]: authJwt,
      [bench.getPublicKey()]: benchJwt,
    },
    default_sentinel: await encodeUser('sentinel', createUser(), auth, sentinelPermissions),
    authorization: { timeout: options.authorizationTimeout },
  }
  return {
    serverConfig: JSON.stringify(config, undefined, 2),
    keys: {
      mode: 'operator',
      login: { jwt: await encodeUser(BRIDGE_USER, bridge, auth, bridgePermissions), seed: seedOf(bridge) },
      account: bench.getPublicKey(),
      userSigner: { seed: seedOf(benchSigner), issuerAccount: bench.getPublicKey(), accountJwt: benchJwt },
      responseSigner: { seed: seedOf(authSigner), issuerAccount: auth.getPublicKey(), accountJwt: authJwt },
      ...sealedWith(xkey),
    },
  }
}

type FiveKeys = [KeyPair, KeyPair, KeyPair, KeyPair, KeyPair]

function sealedWith(xkey: KeyPair | undefined): { readonly xkeySeed?: string } {
  return xkey === undefined ? {} : { xkeySeed: seedOf(xkey) }
}

function seedOf(pair: KeyPair): string {
  return Buffer.from(pair.getSeed()).toString('latin1')
}
