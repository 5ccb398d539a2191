/** Who holds something of a pattern, and what was asked. Types alone. */
import type { Action } from '../../policy/effective.ts'
import type { Origin } from '../../policy/origin.ts'
import type { Pattern } from '../../subject/index.ts'

export interface WhoCanQuestion {
  readonly action: Action
  readonly pattern: Pattern
  /** Of a subscription: as a member of these queue groups. Absent: in any way, in a group or in none. */
  readonly queue?: Pattern
}

export interface Holder {
  /** Name of a known principal, or the description of a pattern of principals: `any ServiceAccount of namespace shop`. */
  readonly principal: string
  /** False: a pattern of principals. */
  readonly known: boolean
  readonly account: string
  /** `all`: whatever the pattern stands for, and to subscribe as it is asked; of a literal subject, that the server permits it. */
  readonly extent: 'all' | 'part'
  /**
   * What of the pattern, minimal, as in a JWT: `subject` or `subject queue`. The private inbox of a pattern's members is
   * `_INBOX_<own>.…`, as each has its own.
   */
  readonly entries: readonly string[]
  /** Denies inside the entries, minimal. */
  readonly without: readonly string[]
  /** Allow rules behind it; of an own inbox, a rule of kind `own inbox of`. */
  readonly rules: readonly Origin[]
  /** The same entry by entry: what each is given by. */
  readonly parts: readonly Part[]
  /** The same principal under other names of the local trust domain, with the same rights. */
  readonly alsoAs?: readonly string[]
}

export interface Part {
  readonly entry: string
  readonly rules: readonly Origin[]
}
