/**
 * Asks the policy in force what it will say, before anything is tried: the same question as `nib why`, put to the same engine
 * that decides logins, but asked apart from the bridge.
 */
import { basename } from 'node:path'
import type { Question, Reason, Why } from '../audit/why.ts'
import type { Principal } from '../identity/principal.ts'
import type { Decide } from '../policy/decide.ts'
import type { Decision, DeliveryFilter } from '../policy/decision.ts'
import type { Action } from '../policy/effective.ts'
import type { Origin } from '../policy/origin.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { parsePattern, type Pattern } from '../subject/index.ts'
import type { Forecast } from './attempt.ts'

export type AskWhy = (snapshot: Snapshot, decision: Decision, question: Question) => Why

export interface Oracle {
  login(principal: Principal): Forecast
  /** What the principal sets as its `inboxPrefix`. */
  inboxPrefix(principal: Principal): string
  use(principal: Principal, action: Action, subject: string, queue?: string): Forecast
}

export interface OracleParts {
  readonly currentSnapshot: () => Snapshot | undefined
  readonly decide: Decide
  readonly why: AskWhy
  /** How the server at hand treats denies that overlap a subscription: what was asked of older ones is less. */
  readonly filter: DeliveryFilter
}

export function createOracle({ currentSnapshot, decide, why, filter }: OracleParts): Oracle {
  const ask = (principal: Principal): { snapshot: Snapshot; decision: Decision } => {
    const snapshot = currentSnapshot()
    if (snapshot === undefined) throw new Error('no policy is in force')
    return { snapshot, decision: asServedTo(filter, decide(snapshot, principal)) }
  }
  return {
    login(principal) {
      const { decision } = ask(principal)
      if (decision.effect === 'deny') return refusal(decision.code)
      const account = decision.rules.find(({ kind }) => kind === 'AccountMap')
      return { allowed: true, because: account === undefined ? '' : placeOf(account), account: decision.account }
    },
    inboxPrefix(principal) {
      const { decision } = ask(principal)
      return decision.effect === 'allow' ? decision.inboxPrefix : '_INBOX'
    },
    use(principal, action, subject, queue) {
      const { snapshot, decision } = ask(principal)
      const pattern = patternOf(subject)
      const answer = why(snapshot, decision, {
        principal,
        action,
        subject: pattern,
        ...(queue !== undefined && { queue }),
      })
      return { allowed: answer.allowed, because: reasonOf(answer) }
    },
  }
}

/** A login that needs no policy to be refused: its credential proves nothing. */
export function refusal(code: RefusalCode): Forecast {
  return { allowed: false, because: code === 'ACCOUNT_NONE' ? 'no account' : 'proves nobody', code }
}

/** `why` reads what a current server is given. */
function asServedTo(filter: DeliveryFilter, decision: Decision): Decision {
  if (decision.effect === 'deny') return decision
  const permissions = decision.permissions[filter]
  const shortfalls = decision.shortfalls[filter]
  return {
    ...decision,
    permissions: { filtering: permissions, legacy: permissions },
    shortfalls: { filtering: shortfalls, legacy: shortfalls },
  }
}

function reasonOf({ allowed, reasons, refusal: code }: Why): string {
  if (code !== undefined) return 'no account'
  const find = (part: Reason['part']): Reason | undefined => reasons.find((reason) => reason.part === part)
  const granted = find('allow')
  const decisive = allowed ? granted : (find('deny') ?? (granted && find('ceiling')))
  return decisive === undefined ? 'no rule grants it' : placeOf(decisive.origin)
}

/** The resources of a cluster by the short names that kubectl has for them. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['AccountMap', 'accmap'],
  ['SubjectCeiling', 'subjceil'],
  ['SubjectPolicy', 'subjpol'],
  ['SubjectRoute', 'subjroute'],
  ['AuthorizationPolicy', 'ap'],
])

function placeOf({ file, line, kind, name }: Origin): string {
  if (file === undefined) return `${SHORT_NAMES.get(kind) ?? kind}/${name}`
  return line === undefined ? basename(file) : `${basename(file)}:${line}`
}

function patternOf(subject: string): Pattern {
  const pattern = parsePattern(subject)
  if (!pattern.ok) throw new Error(`${subject}: ${pattern.error}`)
  return pattern.value
}
