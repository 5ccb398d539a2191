/**
 * Asks a server everything about one client: which PUB arrives, which SUB is admitted, and what each subscription is then delivered.
 * Subscriptions share a connection where they cannot influence each other, so that thousands of answers take few round trips.
 */
import type { Subscription } from '../../../src/policy/effective.ts'
import { overlaps, type Pattern } from '../../../src/subject/index.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { pattern, type Universe } from '../../support/policy-arbitraries.ts'

export interface Answers {
  /** Subjects whose PUB drew a permissions violation. */
  readonly violating: ReadonlySet<string>
  /** Subjects whose PUB a witness received. */
  readonly arrived: ReadonlySet<string>
  /** What each admitted subscription received, in order; a refused one is not here. By {@link nameOf}. */
  readonly delivered: ReadonlyMap<string, readonly string[]>
}

export interface Examination {
  /** A connection of the client; each has the same permissions. */
  logIn(): Promise<RawClient>
  readonly witness: RawClient
  readonly universe: Universe
  /**
   * Whether the subscription must be the only one that its connection ever had. On a server whose delivery filter is switched
   * on by the subscriptions themselves, what one switches on would hide what another fails to.
   */
  readonly isLoner: (subscription: Subscription) => boolean
}

export function nameOf({ subject, queue }: Subscription): string {
  return queue === undefined ? subject : `${subject} ${queue}`
}

export function allSubscriptions(universe: Universe): Subscription[] {
  return subscriptionsOf([...new Set([...universe.subjects, ...universe.subscriptions])], universe)
}

function subscriptionsOf(subjects: readonly string[], { queues }: Universe): Subscription[] {
  return subjects.flatMap((subject) => queues.map((queue) => (queue === undefined ? { subject } : { subject, queue })))
}

export async function examine({ logIn, witness, universe, isLoner }: Examination): Promise<Answers> {
  const shared = await logIn()
  const published = await publishAll(shared, witness, universe.subjects)
  const delivered = new Map<string, readonly string[]>()
  const publications = universe.subjects.map((subject) => `PUB ${subject} 0\r\n\r\n`).join('')

  async function subscribeAll(client: RawClient, batch: readonly Subscription[]): Promise<void> {
    client.write(batch.map(({ subject, queue = '' }, sid) => `SUB ${subject} ${queue} ${sid}\r\n`).join(''))
    const refused = new Set((await client.settle()).errors.map(refusedSubscription))
    const admitted = new Map<string, string[]>()
    for (const [sid, subscription] of batch.entries()) {
      if (refused.has(nameOf(subscription))) continue
      const received: string[] = []
      admitted.set(String(sid), received)
      delivered.set(nameOf(subscription), received)
    }
    if (admitted.size === 0) return
    witness.write(publications)
    await witness.settle()
    client.write([...admitted.keys()].map((sid) => `UNSUB ${sid}\r\n`).join(''))
    const { messages, errors } = await client.settle()
    if (errors.length > 0) throw new Error(`a server complains while it delivers: ${errors.join(', ')}`)
    for (const { sid, subject } of messages) {
      const received = admitted.get(sid)
      if (received === undefined) throw new Error(`${subject} was delivered to nobody's subscription ${sid}`)
      received.push(subject)
    }
  }

  try {
    for (const batch of batches(universe, isLoner)) await subscribeAll(shared, batch)
  } finally {
    shared.close()
  }
  for (const loner of allSubscriptions(universe).filter(isLoner)) {
    const client = await logIn()
    try {
      await subscribeAll(client, [loner])
    } finally {
      client.close()
    }
  }
  return { ...published, delivered }
}

async function publishAll(
  client: RawClient,
  witness: RawClient,
  subjects: readonly string[],
): Promise<Pick<Answers, 'violating' | 'arrived'>> {
  witness.write('SUB > 1\r\n')
  await witness.settle()
  client.write(subjects.map((subject) => `PUB ${subject} 0\r\n\r\n`).join(''))
  const { errors } = await client.settle()
  witness.write('UNSUB 1\r\n')
  const { messages } = await witness.settle()
  return { violating: new Set(errors.map(refusedPublish)), arrived: new Set(messages.map(({ subject }) => subject)) }
}

function refusedPublish(error: string): string {
  const [, subject] = /^Permissions Violation for Publish to "(.*)"$/.exec(error) ?? []
  if (subject === undefined) throw new Error(`the server said to a PUB: ${error}`)
  return subject
}

function refusedSubscription(error: string): string {
  const said = /^Permissions Violation for Subscription to "(.*?)"(?: using queue "(.*)")?$/.exec(error)
  if (said === null) throw new Error(`the server said to a SUB: ${error}`)
  const [, subject = '', queue] = said
  return nameOf(queue === undefined ? { subject } : { subject, queue })
}

const groupsByUniverse = new WeakMap<Universe, readonly (readonly string[])[]>()

/**
 * What may be open at the same time. A message goes to one member of a queue group, whatever each of them subscribed to: so
 * patterns of one batch do not meet.
 */
function batches(universe: Universe, isLoner: Examination['isLoner']): Subscription[][] {
  let groups = groupsByUniverse.get(universe)
  if (groups === undefined) {
    groups = apart([...new Set([...universe.subjects, ...universe.subscriptions])])
    groupsByUniverse.set(universe, groups)
  }
  const together = groups.map((group) => subscriptionsOf(group, universe).filter((one) => !isLoner(one)))
  return together.filter((batch) => batch.length > 0)
}

function apart(texts: readonly string[]): string[][] {
  const groups: Pattern[][] = []
  for (const one of texts.map(pattern)) {
    const free = groups.find((group) => group.every((other) => !overlaps(one, other)))
    if (free === undefined) groups.push([one])
    else free.push(one)
  }
  return groups.map((group) => group.map(({ text }) => text))
}
