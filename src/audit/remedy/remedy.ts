/**
 * The smallest change that would grant exactly what was asked for, past every obstacle: the account, the ceiling, the grant. Pure.
 * Each is tried out before it is told: the decision engine grants it, and whatever else would be granted is said. A DENY is never
 * touched: whoever owns it must change it, and the answer says so.
 */
import type { Decide } from '../../policy/decide.ts'
import type { Decision } from '../../policy/decision.ts'
import { quote } from '../../lib/spell.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { GrantRule } from '../../policy/model.ts'
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { isLiteral, overlaps, parsePattern } from '../../subject/index.ts'
import { grantsTouching } from '../grants-touching.ts'
import type { Question, Why } from '../why.ts'
import { ceilingEdits, homeEdits, grantEdits, isReserved } from './candidates.ts'
import { inWords } from './in-words.ts'
import type { Edit, Step } from './step.ts'
import { alsoGranted, candidateOf, grantsIt, type AlsoGrants } from './trial.ts'

export interface Remedy {
  /** One sentence. */
  readonly summary: string
  /** All of them together; none when no change of a document can be proposed. */
  readonly steps: readonly Step[]
  /** Prohibitions in the way, which stay in the way until whoever owns them changes them. */
  readonly blockedBy: readonly Origin[]
  /** What the steps would grant besides, to anybody. */
  readonly alsoGrants: readonly AlsoGrants[]
  /** Other ways, a sentence each. */
  readonly others: readonly string[]
}

interface Tried {
  readonly edits: readonly Edit[]
  readonly alsoGrants: readonly AlsoGrants[]
}

/** A rule that grants more besides is no small change. */
const MOST_BESIDE = 3

/** @param asked the answer, a denial. @param otherWays sentences about what is not written in documents of ours. */
export function remedyFor(
  snapshot: Snapshot,
  decision: Decision,
  question: Question,
  asked: Why,
  decide: Decide,
  otherWays: readonly string[] = [],
): Remedy {
  const denies = deniesInTheWay(snapshot, question)
  const blockedBy = denies.map(({ origin }) => origin)
  const none = (summary: string): Remedy => ({ summary, steps: [], blockedBy, alsoGrants: [], others: otherWays })
  if (decision.effect === 'deny' && decision.code === 'ACCOUNT_CONFLICT') {
    return none(
      `first let only one account hold it: ${decision.rules.map(nameOrigin).join(' and ')} contradict each other`,
    )
  }
  if (decision.effect === 'deny' && decision.code === 'ACCOUNT_FORBIDDEN') {
    return none(
      `first list account ${decision.account} in accounts of bridge.yaml, if clients belong there; or let ${decision.rules.map(nameOrigin).join(' and ')} place it in an account that is listed`,
    )
  }
  if (decision.effect === 'deny' && decision.code === 'PERMISSIONS_TOO_LARGE') {
    return none('first grant it less: its permissions do not fit into one user JWT, or take too long to work out')
  }
  const tried = tryAll(snapshot, decision, question, asked, { decide, lifted: new Set(denies) })
  const [best] = tried.toSorted(byBesides)
  if (best === undefined) return none(nothingHelps(question, asked))
  const rest = tried.filter((one) => one !== best && one.alsoGrants.length <= MOST_BESIDE)
  const steps = best.edits.map(({ step }) => step)
  return {
    summary: inWords({ steps, blockedBy, alsoGrants: best.alsoGrants }),
    steps,
    blockedBy,
    alsoGrants: best.alsoGrants,
    others: [
      ...rest
        .slice(0, 2)
        .map(({ edits, alsoGrants }) => inWords({ steps: edits.map(({ step }) => step), blockedBy: [], alsoGrants })),
      ...otherWays,
    ],
  }
}

interface Engine {
  readonly decide: Decide
  /** Denies that are taken as gone. */
  readonly lifted: ReadonlySet<GrantRule>
}

/** What grants it, the smallest change first. Ends with the first that grants nothing else. */
function tryAll(
  snapshot: Snapshot,
  decision: Decision,
  question: Question,
  asked: Why,
  { decide, lifted }: Engine,
): Tried[] {
  const tried: Tried[] = []
  const homes = homeEdits(snapshot, decision, question.principal)
  if (homes === undefined) return []
  for (const grants of [[], ...grantEdits(snapshot, question).map((edit) => [edit])]) {
    const edits = [...homes, ...grants]
    const granting = [
      edits,
      ...ceilingEdits(candidateOf(snapshot, edits), question).map((edit) => [...edits, edit]),
    ].find((all) => grantsIt(candidateOf(snapshot, all), question, lifted, decide))
    // Only a deny is in the way: there is nothing to add.
    if (granting === undefined || (granting.length === 0 && lifted.size === 0)) continue
    const alsoGrants = alsoGranted(snapshot, candidateOf(snapshot, granting), question, decide)
    tried.push({ edits: granting, alsoGrants })
    if (alsoGrants.length === 0) return tried
  }
  return asked.allowed ? [] : tried
}

function deniesInTheWay(snapshot: Snapshot, { principal, action, subject }: Question): readonly GrantRule[] {
  const { model, trustDomains } = snapshot
  return grantsTouching(model, action, subject)
    .filter(({ effect, principals }) => effect === 'deny' && matchesPrincipal(principals, principal, trustDomains))
    .filter(({ grant }) => grant.patterns.some((pattern) => overlaps(pattern, subject)))
    .filter(({ grant }) => !isLiteral(subject) || !grant.except?.some((hole) => overlaps(hole, subject)))
}

function nothingHelps({ subject, queue }: Question, { shortfalls }: Why): string {
  const group = queue === undefined ? undefined : parsePattern(queue)
  if (group?.ok === false) return `no grant can name the queue group ${quote(queue ?? '')}: ${group.error}`
  if (isReserved(subject)) return `no plain grant holds ${subject.text}: it reaches subjects that need a waiver`
  const [reason] = shortfalls
  return reason === undefined
    ? 'no change of one document grants it'
    : `no change of one document grants it, as NATS cannot say it beside what else is granted: ${reason}`
}

function byBesides(a: Tried, b: Tried): number {
  return a.alsoGrants.length - b.alsoGrants.length
}
