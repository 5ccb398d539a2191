/**
 * What a responder process is told, as a JSON file whose path is its only argument. It connects, subscribes to
 * `$SYS.REQ.USER.AUTH` in queue group `bridge`, and ends on SIGTERM.
 */
import { readFileSync } from 'node:fs'
import type { JsonWebKey } from 'node:crypto'
import type { PermissionSet } from './world.ts'

export const CALLOUT_SUBJECT = '$SYS.REQ.USER.AUTH'
export const QUEUE_GROUP = 'bridge'
/** Lifetime of what responders issue, seconds. */
export const SESSION_SECONDS = 3600

export interface SigningSeed {
  /** Seed of an account key, `SA…`. */
  readonly seed: string
  /** Operator mode: the account this signing key belongs to, `A…`. */
  readonly issuerAccount?: string
  /** Operator mode: its JWT, which lists the signing key. */
  readonly accountJwt?: string
}

export interface ResponderSetup {
  readonly mode: 'config' | 'operator'
  readonly url: string
  /** How the responder itself logs in: a static user, or (operator mode) a user JWT with its seed. */
  readonly login: { readonly user: string; readonly password: string } | { readonly jwt: string; readonly seed: string }
  /** Service connections to open. */
  readonly connections: number
  /** Account that workloads are placed in: a name, or a public key in operator mode. */
  readonly account: string
  /** Signs user JWTs. */
  readonly userSigner: SigningSeed
  /** Signs authorization responses; the same key in config mode. */
  readonly responseSigner: SigningSeed
  /** `SX…`; present: requests come sealed and answers are sealed. */
  readonly xkeySeed?: string
  readonly token: { readonly issuer: string; readonly audience: string; readonly jwk: JsonWebKey }
  readonly permissions: PermissionSet
}

/** What a responder makes of one request: the bytes to reply with, or silence. `serverXkey` is empty when none was sent. */
export type Answer = (payload: Uint8Array, serverXkey: string) => Reply | Promise<Reply>
export type Reply = Uint8Array | undefined

/** For responder processes: reads the setup named on the command line. */
export function readResponderSetup(): ResponderSetup {
  const path = process.argv[2]
  if (path === undefined) throw new Error('usage: main.js <setup.json>')
  return JSON.parse(readFileSync(path, 'utf8')) as ResponderSetup
}
