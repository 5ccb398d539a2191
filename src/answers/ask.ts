/** One question of one policy -> one answer: what the commands, HTTP and NATS all call. Pure. */
import { compareSnapshots } from '../audit/compare.ts'
import { reviewAccount } from '../audit/review.ts'
import { createRoundabout } from '../audit/roundabout/ways.ts'
import type { Topology } from '../audit/topology.ts'
import { whatCan } from '../audit/what-can.ts'
import { createWhoCan } from '../audit/who-can.ts'
import { wholeWhy } from '../audit/whole-why.ts'
import type { Compiler } from '../compile/index.ts'
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import { didYouMean } from '../lib/nearest.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { listChoices, quote } from '../lib/spell.ts'
import type { Decide } from '../policy/decide.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import type { Answer, PlanAnswer, ReviewAnswer } from './answer.ts'
import { driftOf } from './drift/drift.ts'
import { httpWays } from './http-ways.ts'
import type { AskedPolicy } from './policy.ts'
import { invalid, type Problem } from './problem.ts'
import type { PlanAsked, Question, ReviewAsked } from './question.ts'

export interface Engine {
  /** The one that decides logins, so that answers agree with them. */
  readonly decide: Decide
  /** With the options that the policy was compiled with; compiles what a question brings along. */
  readonly compile: Compiler
}

export function answer(question: Question, policy: AskedPolicy, engine: Engine): Result<Answer, Problem> {
  const { snapshot } = policy
  const { decide } = engine
  switch (question.ask) {
    case 'who-can': {
      const { ask, ...asked } = question
      return ok({ ask, ...whoCanOf(policy, decide)(asked) })
    }
    case 'what-can': {
      const { ask, principal } = question
      return ok({ ask, ...whatCan(snapshot, decide(snapshot, principal), principal) })
    }
    case 'why': {
      const { ask, ...asked } = question
      const ways = (): readonly string[] => httpWays(policy.routed, asked.action, asked.subject)
      return ok({ ask, ...wholeWhy(snapshot, decide, asked, ways) })
    }
    case 'plan':
      return plan(question, policy, engine)
    case 'drift':
      return ok({ ask: question.ask, ...driftOf(policy, decide) })
    default:
      return review(question, policy, decide)
  }
}

type AskWhoCan = ReturnType<typeof createWhoCan>

interface Indexed {
  readonly serviceAccounts: readonly ServiceAccountRef[]
  readonly topology: Topology | undefined
  readonly decide: Decide
  readonly ask: AskWhoCan
}

/** What is sorted for who-can is sorted once for a snapshot, as long as what is known beside it stays. */
const indexed = new WeakMap<Snapshot, Indexed>()

function whoCanOf({ snapshot, serviceAccounts, topology }: AskedPolicy, decide: Decide): AskWhoCan {
  const known = indexed.get(snapshot)
  const isSame = known?.serviceAccounts === serviceAccounts && known.topology === topology && known.decide === decide
  if (known !== undefined && isSame) return known.ask
  const ways = createRoundabout(snapshot, serviceAccounts, decide, topology)
  const ask = createWhoCan(snapshot, serviceAccounts, decide, ways)
  indexed.set(snapshot, { serviceAccounts, topology, decide, ask })
  return ask
}

function plan(
  { ask, candidate }: PlanAsked,
  policy: AskedPolicy,
  { decide, compile }: Engine,
): Result<PlanAnswer, Problem> {
  const { snapshot, diagnostics, withheld, serviceAccounts } = compile(candidate)
  if (snapshot === undefined) {
    const message = `the candidate would not be put in force: ${withheld ?? 'it gives no snapshot'}`
    return err({ code: 'candidate-refused', message, hint: 'mend it, then ask again', diagnostics })
  }
  const population = together(policy.serviceAccounts, serviceAccounts)
  return ok({ ask, ...compareSnapshots(policy.snapshot, snapshot, population, decide), diagnostics })
}

function review({ ask, account }: ReviewAsked, policy: AskedPolicy, decide: Decide): Result<ReviewAnswer, Problem> {
  const { snapshot, serviceAccounts } = policy
  const accounts = new Set(snapshot.model.accounts.map((rule) => rule.account))
  if (accounts.has(account)) return ok({ ask, ...reviewAccount(snapshot, serviceAccounts, decide, account) })
  const names = listChoices([...accounts].toSorted().slice(0, MOST_ACCOUNTS))
  const hint = didYouMean(account, accounts) ?? (names === '' ? undefined : `there is ${names}`)
  return err(invalid(`no AccountMap places anybody in account ${quote(account)}`, hint))
}

const MOST_ACCOUNTS = 10

/** The first list itself, when the second brings nobody else: what is worked out for it is kept beside it. */
function together(
  known: readonly ServiceAccountRef[],
  others: readonly ServiceAccountRef[],
): readonly ServiceAccountRef[] {
  const names = new Set(known.map(nameOf))
  const more = others.filter((one) => !names.has(nameOf(one)))
  return more.length === 0 ? known : [...known, ...more]
}

function nameOf({ namespace, name }: ServiceAccountRef): string {
  return `${namespace}/${name}`
}
