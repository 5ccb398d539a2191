/** A refused token: the stable code, and one fixed sentence more where the code alone leaves a user guessing. Pure. */
import type { AuthnRefusal } from '../callout/ports.ts'
import type { Err } from '../lib/result.ts'
import type { RefusalCode } from '../policy/refusal.ts'

export interface TokenRefusal extends AuthnRefusal {
  /** Fixed text, fit for the record and the log: it repeats nothing of the token. */
  readonly detail?: string
}

export function refuse(code: RefusalCode, issuer?: string, detail?: string): Err<TokenRefusal> {
  return {
    ok: false,
    error: { code, ...(issuer !== undefined && { issuer }), ...(detail !== undefined && { detail }) },
  }
}
