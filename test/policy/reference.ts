/**
 * The meaning of a policy, read off policy.md without any cleverness: one question about one literal subject, answered by
 * looking at every rule. No lists, no patterns of patterns. The oracle for everything that `decide` compiles.
 */
import { matchesPrincipal } from '../../src/policy/match-principal.ts'
import type { Grant, Model } from '../../src/policy/model.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { trustDomains, type Universe } from '../support/policy-arbitraries.ts'
import type { Pattern } from '../../src/subject/index.ts'

export interface Meaning {
  mayPublish(subject: string): boolean
  maySubscribe(subject: string, queue: string | undefined): boolean
  /** Whether anything is left to respond to. */
  readonly responds: boolean
}

export function meaningOf(
  model: Model,
  principal: Principal,
  inboxPrefix: string,
  { subjects, queues }: Universe,
): Meaning {
  const rules = model.grants.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
  const allows = rules.filter(({ effect }) => effect === 'allow').map(({ grant }) => grant)
  const denies = rules.filter(({ effect }) => effect === 'deny').map(({ grant }) => grant)
  const ceilings = model.ceilings.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))

  const isUnder = (side: 'publish' | 'subscribe', subject: string): boolean =>
    ceilings.length === 0 || ceilings.some((ceiling) => anyMatches(ceiling[side], subject))

  const mayPublishBy = (grant: Grant, subject: string): boolean =>
    speaksOfPublishing(grant, subject) &&
    isUnder('publish', subject) &&
    !denies.some((deny) => speaksOfPublishing(deny, subject))

  const maySubscribeBy = (grant: Grant, subject: string, queue: string | undefined): boolean =>
    speaksOfSubscribing(grant, subject, queue) &&
    isUnder('subscribe', subject) &&
    !denies.some((deny) => speaksOfSubscribing(deny, subject, queue))

  const requests = allows.some(
    (grant) => grant.verb === 'request' && subjects.some((subject) => mayPublishBy(grant, subject)),
  )

  return {
    mayPublish: (subject) => allows.some((grant) => mayPublishBy(grant, subject)),
    maySubscribe: (subject, queue) =>
      allows.some((grant) => maySubscribeBy(grant, subject, queue)) ||
      (requests &&
        matchesText(`${inboxPrefix}.>`, subject) &&
        !denies.some((deny) => speaksOfSubscribing(deny, subject, queue))),
    responds: allows.some(
      (grant) =>
        grant.verb === 'respond' &&
        subjects.some((subject) => queues.some((queue) => maySubscribeBy(grant, subject, queue))),
    ),
  }
}

function speaksOfPublishing(grant: Grant, subject: string): boolean {
  return (grant.verb === 'publish' || grant.verb === 'request') && speaksOf(grant, subject)
}

function speaksOfSubscribing(grant: Grant, subject: string, queue: string | undefined): boolean {
  if (grant.verb !== 'subscribe' && grant.verb !== 'respond') return false
  if (!speaksOf(grant, subject)) return false
  return grant.queues === undefined || (queue !== undefined && anyMatches(grant.queues, queue))
}

function speaksOf({ patterns, except = [] }: Grant, subject: string): boolean {
  return anyMatches(patterns, subject) && !anyMatches(except, subject)
}

function anyMatches(patterns: readonly Pattern[], literal: string): boolean {
  return patterns.some(({ text }) => matchesText(text, literal))
}

const expressions = new Map<string, RegExp>()

/** What NATS documents: `*` is one token, `>` one or more. */
export function matchesText(pattern: string, literal: string): boolean {
  let expression = expressions.get(pattern)
  if (expression === undefined) {
    const body = pattern.replaceAll('.', '[.]').replaceAll('*', '[^.]+').replace(/>$/, '.+')
    expression = new RegExp(`^${body}$`)
    expressions.set(pattern, expression)
  }
  return expression.test(literal)
}
