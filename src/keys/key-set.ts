/** The keys in use at one moment, ready for the hot path. Pure data and look-ups; a reload makes a new set. */
import type { BoxKey, Signer } from '../nkey/index.ts'

export interface KeySet {
  /** Config mode, by public key: the request's `sub` says which one the server expects. */
  readonly issuers: ReadonlyMap<string, Signer>
  /** Operator mode, by the account's name. */
  readonly accounts: ReadonlyMap<string, AccountKey>
  /** Operator mode. */
  readonly response: ResponseKey | undefined
  readonly boxKeys: readonly BoxKey[]
}

export interface AccountKey {
  readonly signer: Signer
  readonly placement: { readonly mode: 'operator'; readonly issuerAccount: string }
}

export interface ResponseKey {
  readonly signer: Signer
  /** Present when a signing key signs, absent when the account's own key does. */
  readonly issuerAccount?: string
}

/** A key in use, for status pages: what for, and its public half. */
export interface KeyInUse {
  readonly part: string
  readonly publicKey: string
}

/** In a fixed order, so that two sets can be compared. */
export function keysInUse(set: KeySet): KeyInUse[] {
  return [
    ...[...set.issuers.keys()].map((publicKey) => ({ part: 'callout issuer', publicKey })),
    ...(set.response === undefined ? [] : [{ part: 'response', publicKey: set.response.signer.publicKey }]),
    ...[...set.accounts].map(([name, key]) => ({ part: `account ${name}`, publicKey: key.signer.publicKey })),
    ...set.boxKeys.map((key) => ({ part: 'xkey', publicKey: key.publicKey })),
  ]
}
