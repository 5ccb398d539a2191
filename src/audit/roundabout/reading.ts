/**
 * How messages are read without a subscription to their subject: through the JetStream API, and where streams, consumers and
 * accounts pass them on. Pure. The server reads a stream with its own authority; the client needs only somewhere to hear the answer.
 */
import { intersect, type Pattern } from '../../subject/index.ts'
import { isShut, streamIn, type Actor, type Actors, type Right } from './actors.ts'
import type { ApiVerb } from './api-shapes.ts'
import type { Draft } from './draft.ts'
import { passes, type HeldStream, type Holdings } from './held-streams.ts'
import { filteredRequests, requestOf, type Names } from './requests.ts'
import type { Place } from './steps.ts'
import type { WayKind } from './way.ts'
import { configurationRights, isOwnConsumer, through, type Asked } from './configuring.ts'

/** Ways through one stream, whoever reads it. */
interface Reading {
  readonly verb: ApiVerb
  readonly kind: WayKind
  readonly said: string
  /** What of the stream's configuration must be so; `undefined`: nobody knows. */
  readonly possible?: (held: HeldStream) => boolean | undefined
}

const HEARS = 'whatever subjects it may subscribe to itself'

const READINGS: readonly Reading[] = [
  {
    verb: 'direct-get',
    kind: 'direct-get',
    said: `asks the stream for any message by number, subject or time, ${HEARS}`,
    possible: ({ config }) => (config === undefined ? undefined : config.allowDirect === true),
  },
  {
    verb: 'message-get',
    kind: 'message-get',
    said: `asks the stream for any message by number or subject, ${HEARS}`,
  },
  { verb: 'create-unnamed', kind: 'consumer-create', said: `makes a consumer with filters of its choice, ${HEARS}` },
  { verb: 'create-named', kind: 'consumer-create', said: `makes a consumer with filters of its choice, ${HEARS}` },
  { verb: 'create-durable', kind: 'consumer-create', said: `makes a consumer with filters of its choice, ${HEARS}` },
  {
    verb: 'stream-snapshot',
    kind: 'stream-snapshot',
    said: 'has the whole stream sent to a subject that it names, as a backup',
    possible: ({ config }) => (config === undefined ? undefined : config.storage !== 'memory'),
  },
]

export function readingDrafts(asked: Asked, holdings: Holdings, actors: Actors): Draft[] {
  return [
    ...holdings.elsewhere.flatMap((place) => elsewhere(asked, place, actors)),
    ...holdings.accounts.flatMap((account) => {
      const rights = (verb: ApiVerb): readonly Right[] => actors.rights(account, verb, holdings.names(account))
      return [
        ...READINGS.flatMap((reading) => throughStreams(asked, holdings, actors, rights(reading.verb), reading)),
        ...rights('direct-get-subject').flatMap((right) => filtered(asked, holdings, actors, right)),
        ...rights('create-filtered').flatMap((right) => filtered(asked, holdings, actors, right)),
        ...rights('next').flatMap((right) => fetching(asked, holdings, right)),
        ...rights('ack').flatMap((right) => fetching(asked, holdings, right)),
        ...scheduling(asked, account, holdings, actors),
        ...configuring(asked, account, holdings, actors),
      ]
    }),
  ]
}

/** The subject of the way in the words of {@link Draft.said}, with what has to be so in front. */
function draftOf(
  asked: Asked,
  right: Right,
  {
    kind,
    use,
    held,
    reaches,
    certain,
    said,
  }: {
    kind: WayKind
    use: string
    held: HeldStream
    reaches: Pattern
    certain: boolean
    said: string
  },
): Draft {
  return {
    kind,
    actor: right.actor,
    subjectAccount: asked.account,
    stream: held.name,
    by: 'publish',
    use,
    reaches,
    certain:
      certain &&
      held.certain &&
      right.domain === undefined &&
      (right.imported === undefined || kind !== 'consumer-create'),
    said: `${because(held)}${said}${through(right)}`,
  }
}

function because({ name, place, certain }: HeldStream): string {
  if (name === '*') return 'if a stream holds it, '
  const last = place.steps.at(-1)
  return certain && last !== undefined ? `${last.said}: ` : `if stream ${name} holds it, `
}

export function hears({ subscribe }: Actor): boolean {
  return subscribe.allow.length > 0
}

function throughStreams(
  asked: Asked,
  holdings: Holdings,
  actors: Actors,
  rights: readonly Right[],
  reading: Reading,
): Draft[] {
  const { kind, said, possible = () => true } = reading
  return rights
    .filter(({ actor }) => hears(actor))
    .flatMap((right) =>
      streamsOf(holdings, right).flatMap((held): Draft[] => {
        const is = possible(held)
        const request = requestOf(right, { stream: held.name })
        if (is === false || request === undefined) return []
        const certain =
          isOwnConsumer(right, held.config, actors) &&
          (is ?? held.place.stream !== undefined) &&
          (right.imported === undefined || kind !== 'stream-snapshot')
        return [draftOf(asked, right, { kind, use: request.subject, held, reaches: held.place.part, certain, said })]
      }),
    )
}

function streamsOf(holdings: Holdings, right: Right): readonly HeldStream[] {
  return holdings.named(right.account, streamIn(right))
}

function filtered(asked: Asked, holdings: Holdings, actors: Actors, right: Right): Draft[] {
  if (!hears(right.actor)) return []
  const isGet = right.shape.verb === 'direct-get-subject'
  return streamsOf(holdings, right).flatMap((held) => {
    if (isGet && held.config !== undefined && held.config.allowDirect !== true) return []
    return filteredRequests(right, { stream: held.name }, held.place.pattern).flatMap(
      ({ subject, filter }): Draft[] => {
        if (filter === undefined) return []
        const said = isGet
          ? `asks the stream for the last message of ${filter.text}`
          : `makes a consumer with filter ${filter.text}, which delivers to a subject that it may subscribe to`
        const reaches = partRead(held.place, filter)
        const kind = isGet ? 'direct-get' : 'consumer-create'
        return [
          draftOf(asked, right, {
            kind,
            use: subject,
            held,
            reaches,
            certain: held.place.stream !== undefined && isOwnConsumer(right, held.config, actors),
            said,
          }),
        ]
      },
    )
  })
}

/** What a filter on the stored subjects lets through of what was asked about. */
function partRead({ same, pattern, part }: Place, filter: Pattern): Pattern {
  return (same ? intersect(pattern, filter) : undefined) ?? part
}

/** From a consumer that is there: its messages go to whoever asks for the next one. */
function fetching(asked: Asked, holdings: Holdings, right: Right): Draft[] {
  if (!hears(right.actor)) return []
  const token = right.pattern.tokens[(right.shape.stream ?? 0) + 1] ?? '*'
  return streamsOf(holdings, right).flatMap((held) =>
    consumersOf(held, token).flatMap(({ names, certain, filters }): Draft[] => {
      const request = requestOf(right, names)
      if (request === undefined) return []
      // With a request, or in an acknowledgement.
      const said = `fetches from consumer ${names.consumer ?? '*'}`
      const reaches = filters === undefined ? held.place.part : partRead(held.place, filters)
      return [draftOf(asked, right, { kind: 'consumer-next', use: request.subject, held, reaches, certain, said })]
    }),
  )
}

interface PullConsumer {
  readonly names: Names
  readonly certain: boolean
  readonly filters: Pattern | undefined
}

/** Pull consumers that deliver something of it; one that may be there, when consumers are not known. */
export function consumersOf({ name, config, place }: HeldStream, token: string): PullConsumer[] {
  const { consumers } = config ?? {}
  if (consumers === undefined) return [{ names: { stream: name, consumer: token }, certain: false, filters: undefined }]
  return consumers
    .filter((one) => (token === '*' || token === one.name) && one.deliverSubject === undefined)
    .filter(({ filterSubjects }) => passes(filterSubjects, place.pattern))
    .map(({ name: consumer, filterSubjects, pinnedBy }) => ({
      names: { stream: name, consumer },
      // A group that is pinned to somebody gives nothing to others.
      certain: pinnedBy === undefined,
      filters: filterSubjects?.length === 1 ? filterSubjects[0] : undefined,
    }))
}

/** A scheduled message may take its content from any subject of the stream, and be put where its maker may read. */
function scheduling(asked: Asked, account: string, holdings: Holdings, actors: Actors): Draft[] {
  const streams = holdings.named(account, '*').filter(({ config }) => config?.allowSchedules === true)
  return streams.flatMap((held) => {
    const readers = SCOPED.flatMap((verb) => actors.rights(account, verb, [held.name])).filter(
      (right) => hears(right.actor) && requestOf(right, { stream: held.name }) !== undefined,
    )
    return readers.flatMap((right) =>
      (held.config?.subjects ?? []).flatMap((subject) =>
        actors
          .publishers(account)
          .overlapping(subject)
          .filter(({ actor }) => actor === right.actor)
          .map(({ entry }): Draft => {
            const use = intersect(entry.pattern, subject)?.text ?? subject.text
            const said = 'schedules a message with its content, for a subject that it may read from the stream'
            const reaches = held.place.part
            return draftOf(asked, right, { kind: 'scheduled-message', use, held, reaches, certain: false, said })
          }),
      ),
    )
  })
}

/** Rights that the server holds to a part of the stream. */
const SCOPED: readonly ApiVerb[] = ['direct-get-subject', 'create-filtered', 'next']

/** Whoever configures a stream has it capture, copy and republish what it likes. */
function configuring(asked: Asked, account: string, holdings: Holdings, actors: Actors): Draft[] {
  const reaches = holdings.at(account)[0]?.part ?? asked.pattern
  return configurationRights(asked, account, actors)
    .filter(({ right }) => hears(right.actor))
    .map(({ right, kind, use, certain, what }) => ({
      kind,
      actor: right.actor,
      subjectAccount: asked.account,
      by: 'publish',
      use,
      reaches,
      certain: certain && right.imported === undefined,
      said: `${what} that captures or copies it and republishes it to a subject that it may subscribe to${through(right)}`,
    }))
}

function elsewhere(asked: Asked, place: Place, actors: Actors): Draft[] {
  const last = place.steps.at(-1)
  if (last === undefined || last.kind === 'capture') return []
  const kind = last.kind
  const said = place.steps.map((step) => step.said).join('; ')
  return actors
    .subscribers(place.account)
    .overlapping(place.pattern)
    .flatMap(({ actor, entry }): Draft[] => {
      const heard = intersect(entry.pattern, place.pattern)
      if (heard === undefined || isShut(actor.subscribe, heard, entry.queue)) return []
      return [
        {
          kind,
          actor,
          subjectAccount: asked.account,
          by: 'subscribe',
          use: entry.queue === undefined ? heard.text : `${heard.text} ${entry.queue.text}`,
          reaches: place.same ? heard : place.part,
          certain: place.certain,
          said: `${said}: it may subscribe there`,
        },
      ]
    })
}
