/** Which edits are worth a try, the smallest first. Pure. */
import type { Principal } from '../../identity/principal.ts'
import type { Decision } from '../../policy/decision.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { GrantRule } from '../../policy/model.ts'
import { nameOrigin } from '../../policy/origin.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { matches, parsePattern, type Pattern } from '../../subject/index.ts'
import { lackOf } from '../close/lack.ts'
import { grantsTouching } from '../grants-touching.ts'
import { sliceFor } from '../slice.ts'
import type { Question } from '../why.ts'
import { addPattern, addPrincipal, giveAccount, nameFor, newPolicy, widenCeiling } from './edits.ts'
import { isOfKubernetes, principalEntry } from './principal-entry.ts'
import type { Edit } from './step.ts'

const MOST_RULES = 3
const OURS = 'SubjectPolicy'

/** Nothing for who has an account; `undefined` when no entry could be widened. */
export function homeEdits(
  { model, trustDomains }: Snapshot,
  decision: Decision,
  principal: Principal,
): readonly Edit[] | undefined {
  if (decision.effect === 'allow') return []
  const own = principalEntry(principal, trustDomains)
  const [closest] = model.accounts
    .map((rule) => ({ rule, distance: lackOf(rule.principals, principal, trustDomains)?.distance ?? Infinity }))
    .toSorted((a, b) => a.distance - b.distance)
  return own === undefined || closest === undefined ? undefined : [giveAccount(closest.rule, own)]
}

/** Without what a document may only say with a waiver. */
export function isReserved({ tokens }: Pattern): boolean {
  const [first = ''] = tokens
  return first === '*' || first === '>' || first.startsWith('$') || first.startsWith('_INBOX')
}

export function grantEdits(snapshot: Snapshot, question: Question): readonly Edit[] {
  const { principal, action, subject, queue } = question
  const { model, trustDomains } = snapshot
  const own = principalEntry(principal, trustDomains)
  const added = isReserved(subject) ? [] : ownRules(snapshot, question).map((rule) => addPattern(rule, subject))
  const holders = own === undefined ? [] : rulesOfOthers(snapshot, question).map((rule) => addPrincipal(rule, own))
  const isWritten = queue === undefined || parsePattern(queue).ok
  if (own === undefined || isReserved(subject) || !isWritten) return [...added, ...holders]
  const account = principal.workload?.serviceAccount
  const namespace =
    account !== undefined && isOfKubernetes(account) ? account.namespace : namespaceNear(snapshot, question)
  const who = account?.name ?? principal.requestAuth?.subject ?? 'workload'
  const name = nameFor(model, namespace, [who, action, ...subject.tokens])
  const fresh = newPolicy({
    namespace,
    name,
    principal: own,
    action,
    subject,
    ...(queue === undefined ? {} : { queue }),
  })
  return [...added, ...holders, fresh]
}

/** A new document of an end user's rights goes where the subject is spoken of. */
function namespaceNear(snapshot: Snapshot, { action, subject }: Question): string {
  const near = [...grantsTouching(snapshot.model, action, subject), ...snapshot.model.grants]
  return near.find(({ origin }) => origin.kind === OURS)?.origin.namespace ?? 'default'
}

/** Grants of SubjectPolicies that speak of the principal and that one more pattern fits into. */
function ownRules(snapshot: Snapshot, question: Question): readonly GrantRule[] {
  const { principal, subject } = question
  const { model, trustDomains } = sliceFor(snapshot, [principal])
  const first = subject.tokens[0]
  const isKin = ({ grant }: GrantRule): number => (grant.patterns.some(({ tokens }) => tokens[0] === first) ? 0 : 1)
  return model.grants
    .filter((rule) => isWritable(rule, model.grants) && fits(rule, question))
    .filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
    .toSorted((a, b) => isKin(a) - isKin(b) || a.principals.length - b.principals.length)
    .slice(0, MOST_RULES)
}

function rulesOfOthers({ model, trustDomains }: Snapshot, question: Question): readonly GrantRule[] {
  const { principal, action, subject } = question
  return grantsTouching(model, action, subject)
    .filter(({ origin, effect }) => origin.kind === OURS && effect === 'allow')
    .filter((rule) => fits(rule, question) && rule.grant.patterns.some((pattern) => matches(pattern, subject)))
    .filter((rule) => !matchesPrincipal(rule.principals, principal, trustDomains))
    .slice(0, MOST_RULES)
}

/**
 * Its list of patterns stands in the document as it is. A lone request may be what a service's `call` or a stream's `publish` is
 * spelled out into, a lone response its `host`: these are left alone, as is what comes with others.
 */
function isWritable({ origin, effect, grant }: GrantRule, all: readonly GrantRule[]): boolean {
  if (origin.kind !== OURS || effect !== 'allow' || grant.except !== undefined) return false
  if (grant.verb !== 'publish' && grant.verb !== 'subscribe') return false
  return all.filter((other) => nameOrigin(other.origin) === nameOrigin(origin)).length === 1
}

function fits({ grant }: GrantRule, { action, queue }: Question): boolean {
  if (action === 'publish') return grant.verb === 'publish' || grant.verb === 'request'
  if (grant.verb !== 'subscribe' && grant.verb !== 'respond') return false
  const groups = grant.queues?.map(({ text }) => text)
  return queue === undefined ? groups === undefined : groups?.length === 1 && groups[0] === queue
}

/** For each ceiling of the principal that could take the subject in. */
export function ceilingEdits(snapshot: Snapshot, { principal, action, subject }: Question): readonly Edit[] {
  if (isReserved(subject)) return []
  const mine = snapshot.model.ceilings.filter(({ principals }) =>
    matchesPrincipal(principals, principal, snapshot.trustDomains),
  )
  if (mine.some((rule) => rule[action].some((pattern) => matches(pattern, subject)))) return []
  return mine
    .toSorted((a, b) => a.principals.length - b.principals.length)
    .map((rule) => widenCeiling(rule, action, subject))
}
