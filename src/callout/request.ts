/** A login as the bridge works on it: what nats-server asks, verified and typed. Pure data. */
import type { ConnectionType } from '../policy/model.ts'

/** Fields of the authorization request JWT, nats-server 2.10 to 2.15 (ADR-26 and the server's own encoder). */
export interface LoginRequest {
  /** One-shot key of this login: `sub` of both JWTs we answer with. */
  readonly userNkey: string
  /** `sub` of the request: config mode the callout issuer, operator mode the callout account. */
  readonly addressee: string
  readonly server: { readonly id: string; readonly name: string; readonly version: string }
  readonly client: {
    /** Connection id, unique within one server process. */
    readonly id: number
    /** Peer address as the server sees it; only as good as the network in front of it. */
    readonly host: string
    /** `undefined` for a kind that this bridge does not know. */
    readonly type: ConnectionType | undefined
  }
  /** `undefined` when a credential field is not the text that nats-server always makes of it. */
  readonly connect: ConnectOptions | undefined
}

/** The credential fields of CONNECT. `user` and `name` are left out on purpose: neither is ever proof of anything. */
export interface ConnectOptions {
  readonly authToken?: string
  readonly pass?: string
  readonly nkey?: string
  readonly jwt?: string
}
