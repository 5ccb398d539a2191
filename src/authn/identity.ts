/** What the claims of a verified token say about its holder. Pure types, shared by the kinds of token. */
import type { Principal } from '../identity/principal.ts'
import type { JsonObject } from '../lib/json.ts'
import type { Result } from '../lib/result.ts'

export interface TokenIdentity {
  readonly principal: Principal
  /** For the audit record only. */
  readonly facts: Readonly<Record<string, string>>
}

/** @returns the holder, or one fixed sentence on what is wrong with the claims: TOKEN_CLAIMS. */
export type IdentifyHolder = (claims: JsonObject) => Result<TokenIdentity, string>
