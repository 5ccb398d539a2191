/**
 * Known principals by the entries that match them: the policy room's {@link MatcherIndex} the other way round. Pure.
 * A principal is filed under those of its keys that some rule asks for; an entry without a key is asked of everybody, once.
 */
import type { Principal } from '../../identity/principal.ts'
import { remember } from '../../lib/remember.ts'
import { matchesEntry } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import { keysOfEntry, keysOfPrincipal } from '../../policy/matcher-index.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'

export class PrincipalIndex {
  readonly #principals: readonly Principal[]
  readonly #trustDomains: TrustDomains
  readonly #byKey = new Map<string, Principal[]>()
  /** Only of entries without a key, which are few. */
  readonly #asked = new WeakMap<MatcherEntry, readonly Principal[]>()

  constructor(principals: readonly Principal[], entries: Iterable<MatcherEntry>, trustDomains: TrustDomains) {
    this.#principals = principals
    this.#trustDomains = trustDomains
    for (const entry of entries) for (const key of keysOfEntry(entry) ?? []) this.#byKey.set(key, [])
    for (const principal of principals) {
      for (const key of keysOfPrincipal(principal)) this.#byKey.get(key)?.push(principal)
    }
  }

  /** @param entry one of those that the index was made for. @returns each once. */
  matching(entry: MatcherEntry): readonly Principal[] {
    const keys = keysOfEntry(entry)
    if (keys === undefined) return remember(this.#asked, entry, () => this.#fitting(this.#principals, entry))
    const [only = '', ...more] = keys
    const drawer = this.#byKey.get(only) ?? []
    if (more.length === 0) return this.#fitting(drawer, entry)
    return this.#fitting(new Set(keys.flatMap((key) => this.#byKey.get(key) ?? [])), entry)
  }

  #fitting(principals: Iterable<Principal>, entry: MatcherEntry): readonly Principal[] {
    const fitting: Principal[] = []
    for (const principal of principals) if (matchesEntry(entry, principal, this.#trustDomains)) fitting.push(principal)
    return fitting
  }
}
