/**
 * What changes for one principal from one decision to another: its login, its account, what it may do there, its limits. Pure.
 * Who moves to another account loses everything in the old one and gains everything in the new one: the same subjects are others there.
 * Read off the lists that current servers get, for literal subjects, as {@link beyond} has them.
 */
import type { Allowed, Decision, Permissions } from '../policy/decision.ts'
import type { Action } from '../policy/effective.ts'
import { textOf } from '../policy/entry.ts'
import type { Limits } from '../policy/model.ts'
import type { Responses } from '../policy/responses.ts'
import { beyond, isSameList, NOTHING, type Beyond } from './beyond.ts'
import type { Literal } from './literal-beside.ts'

/** Where a login leads: into an account, or nowhere, and why. */
export type Login = { readonly account: string } | { readonly refusal: Extract<Decision, { effect: 'deny' }>['code'] }

export interface ChangedEntry {
  readonly action: Action
  readonly account: string
  /** As in a user JWT: `subject`, or `subject queue`. */
  readonly entry: string
  /** Left out of it, spelled alike. */
  readonly except: readonly string[]
  /** A subject, and a queue group where it takes one, that only one of the two decisions lets through. */
  readonly example: Literal
  /** Where the answers to the principal's own requests arrive. */
  readonly inbox?: true
}

/** `undefined` on a side: nothing of the kind there. */
export interface Pair<T> {
  readonly before: T | undefined
  readonly after: T | undefined
}

export interface DecisionChange {
  readonly before: Login
  readonly after: Login
  /** Absent: in both, or in neither, and into the same account; `refused` for another reason than before. */
  readonly login?: 'gained' | 'lost' | 'moved' | 'refused'
  readonly gained: readonly ChangedEntry[]
  readonly lost: readonly ChangedEntry[]
  /** Of who answers requests: how many replies, within how long. */
  readonly replies?: Pair<Responses>
  readonly limits?: Pair<Limits>
  /** What clients set as `inboxPrefix`. */
  readonly inboxPrefix?: Pair<string>
  /** More than before in any respect. */
  readonly widens: boolean
  /** Less than before in any respect. */
  readonly narrows: boolean
}

/** `undefined` when nothing changes. */
export function decisionChange(before: Decision, after: Decision): DecisionChange | undefined {
  if (before === after) return undefined
  const [was, is] = [loginOf(before), loginOf(after)]
  const login = loginChange(before, after)
  const stays = login === undefined
  const lost = before.effect === 'allow' ? entriesBeyond(before, stays ? after : undefined) : []
  const gained = after.effect === 'allow' ? gainedBy(after, before, stays, lost) : []
  const both = before.effect === 'allow' && after.effect === 'allow'
  const replies = pairOf(responsesOf(before), responsesOf(after))
  const limits = both ? pairOf(limitsOf(before), limitsOf(after)) : undefined
  const inboxPrefix = both ? pairOf(before.inboxPrefix, after.inboxPrefix) : undefined
  if (stays && gained.length + lost.length === 0 && !replies && !limits && !inboxPrefix) return undefined
  return {
    before: was,
    after: is,
    ...(stays ? {} : { login }),
    gained,
    lost,
    ...(replies === undefined ? {} : { replies }),
    ...(limits === undefined ? {} : { limits }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    widens:
      login === 'gained' ||
      login === 'moved' ||
      gained.length > 0 ||
      (replies !== undefined && allowsMoreReplies(replies.after, replies.before)) ||
      (limits !== undefined && allowsMore(limits.after, limits.before)),
    narrows:
      login === 'lost' ||
      login === 'moved' ||
      lost.length > 0 ||
      (replies !== undefined && allowsMoreReplies(replies.before, replies.after)) ||
      (limits !== undefined && allowsMore(limits.before, limits.after)),
  }
}

function loginOf(decision: Decision): Login {
  return decision.effect === 'allow' ? { account: decision.account } : { refusal: decision.code }
}

function loginChange(before: Decision, after: Decision): DecisionChange['login'] {
  if (before.effect === 'allow' && after.effect === 'allow')
    return before.account === after.account ? undefined : 'moved'
  if (before.effect === 'allow') return 'lost'
  if (after.effect === 'allow') return 'gained'
  return before.code === after.code ? undefined : 'refused'
}

/** @param lost by the same change. Who moves with the same lists gains, entry by entry, what it loses: it is worked out once. */
function gainedBy(after: Allowed, before: Decision, stays: boolean, lost: readonly ChangedEntry[]): ChangedEntry[] {
  if (stays) return entriesBeyond(after, before)
  if (before.effect === 'deny' || !isSaidAlike(before, after)) return entriesBeyond(after, undefined)
  const { account } = after
  return lost.map((entry) => ({ ...entry, account }))
}

function isSaidAlike(before: Allowed, after: Allowed): boolean {
  const [was, is] = [before.permissions.filtering, after.permissions.filtering]
  return before.inboxPrefix === after.inboxPrefix && isSameList(was.pub, is.pub) && isSameList(was.sub, is.sub)
}

/** @param other absent: nothing that it has counts. */
function entriesBeyond(own: Allowed, other: Decision | undefined): ChangedEntry[] {
  const { account, permissions, inboxPrefix } = own
  const theirs = other?.effect === 'allow' ? other.permissions.filtering : undefined
  const inbox = `${inboxPrefix}.>`
  const changed = (action: Action, { entry, except, example }: Beyond): ChangedEntry => ({
    action,
    account,
    entry: entry.text,
    except: except.map(textOf),
    example,
    ...(action === 'subscribe' && entry.text === inbox ? { inbox: true } : {}),
  })
  const { pub, sub } = permissions.filtering
  return [
    ...beyond(pub, theirs?.pub ?? NOTHING).map((part) => changed('publish', part)),
    ...beyond(sub, theirs?.sub ?? NOTHING).map((part) => changed('subscribe', part)),
  ]
}

function responsesOf(decision: Decision): Permissions['resp'] {
  return decision.effect === 'allow' ? decision.permissions.filtering.resp : undefined
}

/** No limit is no value at all. */
function limitsOf({ limits }: Allowed): Limits | undefined {
  return Object.keys(limits).length === 0 ? undefined : limits
}

function pairOf<T>(before: T | undefined, after: T | undefined): Pair<T> | undefined {
  return JSON.stringify(before) === JSON.stringify(after) ? undefined : { before, after }
}

function allowsMoreReplies(one: Responses | undefined, other: Responses | undefined): boolean {
  if (one === undefined) return false
  return other === undefined || isMore(one.max, other.max) || isMore(one.ttl, other.ttl)
}

/** Below zero is without limit. */
function isMore(one: number, other: number): boolean {
  return other >= 0 && (one < 0 || one > other)
}

function allowsMore(one: Limits = {}, other: Limits = {}): boolean {
  const { maxSessionSeconds: longest, connectionTypes: kinds } = other
  if (longest !== undefined && (one.maxSessionSeconds ?? Infinity) > longest) return true
  return kinds !== undefined && (one.connectionTypes?.some((kind) => !kinds.includes(kind)) ?? true)
}
