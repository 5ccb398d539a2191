/** Holds a server's answers against what `permits` and `delivers` foretell, and against what the policy means. */
import type { Shortfall } from '../../../src/policy/decision.ts'
import { delivers, permits, type Subscription } from '../../../src/policy/effective.ts'
import type { DeliveryFilter, Permissions } from '../../../src/policy/decision.ts'
import { matchesText, type Meaning } from '../../policy/reference.ts'
import type { Universe } from '../../support/policy-arbitraries.ts'
import { allSubscriptions, nameOf, type Answers } from './examine.ts'

/** One line for each answer that is not as foretold. */
export function unforetold(
  answers: Answers,
  permissions: Permissions,
  filter: DeliveryFilter,
  universe: Universe,
): string[] {
  const said = (verb: string, what: string, foretold: boolean): string[] => [
    `${verb} ${what}: ${foretold ? 'foretold, and not so' : 'not foretold'}`,
  ]
  const { subjects } = universe
  const publishing = subjects.flatMap((subject) => {
    const foretold = permits(permissions, 'publish', subject)
    return [
      ...(answers.arrived.has(subject) === foretold ? [] : said('arrival of a PUB of', subject, foretold)),
      ...(answers.violating.has(subject) === !foretold ? [] : said('violation by a PUB of', subject, !foretold)),
    ]
  })
  const subscribing = allSubscriptions(universe).flatMap((subscription) => {
    const name = nameOf(subscription)
    const received = answers.delivered.get(name)
    const foretold = permits(permissions, 'subscribe', subscription.subject, subscription.queue)
    if (foretold !== (received !== undefined)) return said('admission of SUB', name, foretold)
    if (received === undefined) return []
    const once = new Set(received)
    return [
      ...(once.size === received.length ? [] : [`SUB ${name}: a message was delivered twice`]),
      ...subjects.flatMap((subject) => {
        const foretold = delivers(permissions, subscription, subject, filter)
        return once.has(subject) === foretold ? [] : said(`delivery to SUB ${name} of`, subject, foretold)
      }),
    ]
  })
  return [...publishing, ...subscribing]
}

/** One line for each thing that the client could do, or was delivered, although the policy does not allow it. */
export function beyondPolicy({ arrived, delivered }: Answers, meaning: Meaning, universe: Universe): string[] {
  const published = [...arrived].filter((subject) => !meaning.mayPublish(subject))
  const received = allSubscriptions(universe).flatMap((subscription) =>
    (delivered.get(nameOf(subscription)) ?? [])
      .filter((subject) => !meaning.maySubscribe(subject, subscription.queue))
      .map((subject) => `SUB ${nameOf(subscription)} was delivered ${subject}`),
  )
  return [...published.map((subject) => `PUB ${subject} arrived`), ...received]
}

/** One line for each thing that the policy allows, that no shortfall gives up, and that the server did not let the client have. */
export function withheld(
  { arrived, delivered }: Answers,
  meaning: Meaning,
  shortfalls: readonly Shortfall[],
  { subjects, queues }: Universe,
): string[] {
  const unpublished = subjects.filter(
    (subject) => meaning.mayPublish(subject) && !arrived.has(subject) && !isGivenUp(shortfalls, subject, undefined),
  )
  // The inbox comes with a request that is left: where a part of one was given up, it may have been the last.
  const mayLackInbox = shortfalls.some(({ reason }) => /leaves out|only a part is denied/.test(reason))
  const undelivered = subjects.flatMap((subject) =>
    queues
      .filter((queue) => meaning.maySubscribe(subject, queue) && !isGivenUp(shortfalls, subject, queue))
      .filter(() => !mayLackInbox || !subject.startsWith('_INBOX'))
      .map((queue): Subscription => (queue === undefined ? { subject } : { subject, queue }))
      .filter((subscription) => delivered.get(nameOf(subscription))?.includes(subject) !== true),
  )
  return [
    ...unpublished.map((subject) => `PUB ${subject} did not arrive`),
    ...undelivered.map((subscription) => `SUB ${nameOf(subscription)} got nothing`),
  ]
}

function isGivenUp(shortfalls: readonly Shortfall[], subject: string, queue: string | undefined): boolean {
  return shortfalls.some(({ pattern }) => {
    const [text = '', group] = pattern.split(' ')
    return matchesText(text, subject) && (group === undefined || (queue !== undefined && matchesText(group, queue)))
  })
}
