/** What the use case needs from the outside, as it wants to see it. Adapters implement these; `main.ts` wires them. */
import type { Authenticated } from '../identity/principal.ts'
import type { Placement, TokenSigner } from '../issue/index.ts'
import type { Result } from '../lib/result.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'

/**
 * Proves who holds a token. `now` in milliseconds.
 * Answers at once when everything it needs is at hand (a cached verdict, a known key), else with a promise that never rejects.
 */
export type AuthenticateToken = (token: string, now: number) => AuthnVerdict | Promise<AuthnVerdict>

export type AuthnVerdict = Result<Authenticated, AuthnRefusal>

export interface AuthnRefusal {
  readonly code: RefusalCode
  /** Configured name of the issuer, once it is known. */
  readonly issuer?: string | undefined
  /** One fixed sentence that says more than the code; never a word of the token. */
  readonly detail?: string | undefined
}

/** The policy in force; `undefined` until a first snapshot has been compiled. */
export type CurrentSnapshot = () => Snapshot | undefined

/** Keys change while the bridge runs: each login asks anew. `addressee` is the request's `sub`. */
export interface SigningKeys {
  /** @returns `undefined` when we hold no key that may sign for the account. */
  forAccount(
    account: string,
    addressee: string,
  ): { readonly signer: TokenSigner; readonly placement: Placement } | undefined
  forResponse(addressee: string): { readonly signer: TokenSigner; readonly issuerAccount?: string } | undefined
}
