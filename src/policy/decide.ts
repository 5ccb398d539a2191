/**
 * The decision: in which account a principal lives and what it may do there. Pure: snapshot and principal decide alone.
 * Refuses a principal that no AccountMap entry or that entries of different accounts match, an account that is not listed where there
 * is a list, and permissions that do not fit one JWT.
 */
import type { Principal } from '../identity/principal.ts'
import { remember } from '../lib/remember.ts'
import { finish, type Steps } from '../lib/steps.ts'
import type { Allowed, Decision } from './decision.ts'
import { inboxPrefixFor, type Sha256Hex } from './inbox.ts'
import { outOfForce } from './in-force.ts'
import { keepPermissions } from './kept-permissions.ts'
import { strictest } from './limits.ts'
import { keysOfPrincipal, MatcherIndex } from './matcher-index.ts'
import type { AccountRule, CeilingRule, GrantRule, InboxKind, LimitRule } from './model.ts'
import { sortOrigins, type Origin } from './origin.ts'
import { permissionList } from './permission-list.ts'
import type { Compiled } from './permissions.ts'
import { fitsUserJwt } from './size.ts'
import type { Snapshot } from './snapshot.ts'

export type Decide = (snapshot: Snapshot, principal: Principal) => Decision

/** Decides, and gets ready for a snapshot before the first principal comes: then that one need not wait for it. */
export type PreparedDecide = Decide & { readonly prepare: (snapshot: Snapshot) => Steps<void> }

/**
 * What is worked out is held beside the snapshot and the principal object and dies with either:
 * callers intern principals, so that the same credential gives the same object.
 * @param listedAccounts that anybody may be placed in; absent: any.
 */
export function createDecide(hash: Sha256Hex, listedAccounts?: readonly string[]): PreparedDecide {
  const parts: Parts = { hash, compile: keepPermissions(), listed: listedAccounts && new Set(listedAccounts) }
  const books = new WeakMap<Snapshot, Book>()

  function* prepare(snapshot: Snapshot): Steps<void> {
    if (!books.has(snapshot)) books.set(snapshot, yield* openBook(snapshot))
  }

  function decide(snapshot: Snapshot, principal: Principal): Decision {
    const book = remember(books, snapshot, () => finish(openBook(snapshot)))
    let decision = book.decisions.get(principal)
    if (decision === undefined) {
      decision = decideAnew(book, principal, parts)
      book.decisions.set(principal, decision)
    }
    return decision
  }

  return Object.assign(decide, { prepare })
}

/** One snapshot, indexed once. */
interface Book {
  readonly accounts: MatcherIndex<AccountRule>
  readonly grants: MatcherIndex<GrantRule>
  readonly limits: MatcherIndex<LimitRule>
  readonly ceilings: MatcherIndex<CeilingRule>
  readonly decisions: WeakMap<Principal, Decision>
}

function* openBook({ model, trustDomains }: Snapshot): Steps<Book> {
  return {
    accounts: yield* MatcherIndex.inSteps(model.accounts, trustDomains),
    grants: yield* MatcherIndex.inSteps(model.grants, trustDomains),
    limits: yield* MatcherIndex.inSteps(model.limits, trustDomains),
    ceilings: yield* MatcherIndex.inSteps(model.ceilings, trustDomains),
    decisions: new WeakMap(),
  }
}

interface Parts {
  readonly hash: Sha256Hex
  readonly compile: ReturnType<typeof keepPermissions>
  readonly listed: ReadonlySet<string> | undefined
}

function decideAnew(book: Book, principal: Principal, { hash, compile, listed }: Parts): Decision {
  const keys = keysOfPrincipal(principal)
  const accounts = book.accounts.matching(principal, keys)
  const account = accounts[0]?.account
  if (account === undefined) return { effect: 'deny', code: 'ACCOUNT_NONE', rules: [] }
  if (accounts.some((rule) => rule.account !== account)) {
    return { effect: 'deny', code: 'ACCOUNT_CONFLICT', rules: originsOf(accounts) }
  }
  if (listed?.has(account) === false) {
    return { effect: 'deny', code: 'ACCOUNT_FORBIDDEN', account, rules: originsOf(accounts) }
  }
  const ceilings = book.ceilings.matching(principal, keys)
  const standing = { account, ceilings }
  const grants = book.grants.matching(principal, keys).filter((rule) => !outOfForce(rule, standing))
  const limits = book.limits.matching(principal, keys)
  const rules = originsOf([...accounts, ...grants, ...ceilings, ...limits])
  const inbox = agreedInbox(accounts)
  const inboxPrefix = inboxPrefixFor(inbox, principal.name, hash)
  const compiled = compile(principal, { grants, ceilings, inboxPrefix })
  if (compiled === undefined || !fitsUserJwt(compiled.filtering.permissions)) {
    return { effect: 'deny', code: 'PERMISSIONS_TOO_LARGE', rules }
  }
  // What has to be spelled out for old servers must not refuse a login at new ones.
  const legacy = fitsUserJwt(compiled.legacy.permissions) ? compiled.legacy : NOTHING_FITS
  return {
    effect: 'allow',
    account,
    inbox,
    inboxPrefix,
    permissions: { filtering: compiled.filtering.permissions, legacy: legacy.permissions },
    shortfalls: { filtering: compiled.filtering.shortfalls, legacy: legacy.shortfalls },
    limits: strictest(limits.map((rule) => rule.limits)),
    rules,
  } satisfies Allowed
}

const NOTHING_FITS: Compiled = {
  permissions: { pub: permissionList([], []), sub: permissionList([], []) },
  shortfalls: [{ pattern: '>', reason: 'the permissions for this server version do not fit into one user JWT' }],
}

/** Entries that name the same account need not agree on the inbox: then it is the private one, which exposes less. */
function agreedInbox(accounts: readonly AccountRule[]): InboxKind {
  return accounts.every(({ inbox }) => inbox === 'shared') ? 'shared' : 'private'
}

function originsOf(rules: readonly { readonly origin: Origin }[]): Origin[] {
  return sortOrigins(rules.map(({ origin }) => origin))
}
