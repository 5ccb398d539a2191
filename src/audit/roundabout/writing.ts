/**
 * How messages get onto a subject without the right to publish there: the server delivers, answers, republishes or imports them, with
 * its own authority. Pure. Reply and delivery subjects of a request are checked by nobody.
 */
import { covers, intersect, overlaps, type Pattern } from '../../subject/index.ts'
import { isShut, streamIn, type Actor, type Actors, type Right } from './actors.ts'
import type { ApiVerb } from './api-shapes.ts'
import { configurationRights, isOwnConsumer, through, type Asked } from './configuring.ts'
import type { Draft } from './draft.ts'
import { conventionalSubjects } from './held-streams.ts'
import { knownStreams } from './known-streams.ts'
import { filteredRequests, requestOf } from './requests.ts'
import type { Place } from './steps.ts'
import type { Way, WayKind } from './way.ts'
import { EVERYTHING } from './written-pattern.ts'
import type { Stream, Topology } from '../topology.ts'

/** A stream whose messages may be sent on. */
interface Source {
  /** `*`: one whose name nobody knows. */
  readonly name: string
  readonly config?: Stream
  readonly subjects?: readonly Pattern[]
  readonly certain: boolean
}

const CREATE: readonly ApiVerb[] = ['create-unnamed', 'create-named', 'create-durable', 'create-filtered']
const FETCH: readonly ApiVerb[] = ['next', 'ack']
const GET: readonly ApiVerb[] = ['direct-get', 'direct-get-subject', 'message-get']

/** What depends on the subject: who publishes where streams, consumers, imports or schedules take a message onto it. */
export function writingDrafts(
  asked: Asked,
  places: readonly Place[],
  actors: Actors,
  topology: Topology | undefined,
): Draft[] {
  return [...places.flatMap((place) => elsewhere(asked, place, actors)), ...scheduled(asked, actors, topology)]
}

/** The server refuses a consumer that would deliver into its own stream. */
export function isRefused({ kind, stream }: Way, { account, pattern }: Asked, topology: Topology | undefined): boolean {
  if (kind !== 'consumer-create' || stream === undefined) return false
  const config = topology === undefined ? undefined : knownStreams(topology).named(account, stream)
  const subjects = config?.subjects ?? [conventionalSubjects(stream) ?? []].flat()
  return subjects.some((subject) => covers(subject, pattern))
}

/** What the API puts onto any subject of the account, whichever it is. */
export function apiDrafts(asked: Asked, actors: Actors, topology: Topology | undefined): Draft[] {
  const { account } = asked
  return [
    ...CREATE.flatMap((verb) => actors.rights(account, verb)).flatMap((right) =>
      delivering(asked, right, sourcesOf(right, topology), actors),
    ),
    // An answer goes to the account of whoever asked, wherever the stream is.
    ...FETCH.flatMap((verb) => actors.residents(account, verb)).flatMap((right) =>
      fetching(asked, right, sourcesOf(right, topology)),
    ),
    ...GET.flatMap((verb) => actors.residents(account, verb)).flatMap((right) =>
      getting(asked, right, sourcesOf(right, topology)),
    ),
    ...actors
      .rights(account, 'stream-snapshot')
      .flatMap((right) => snapshotting(asked, right, sourcesOf(right, topology))),
    ...configuring(asked, actors),
  ]
}

function sourcesOf(right: Right, topology: Topology | undefined): Source[] {
  const token = streamIn(right)
  const { streams } = topology?.accounts.get(right.account) ?? {}
  if (topology !== undefined && streams !== undefined) {
    const named = token === '*' ? streams : [knownStreams(topology).named(right.account, token) ?? []].flat()
    return named.map((config) => ({ name: config.name, config, subjects: config.subjects, certain: true }))
  }
  const captured = token === '*' ? undefined : conventionalSubjects(token)
  return [{ name: token, ...(captured === undefined ? {} : { subjects: [captured] }), certain: captured !== undefined }]
}

function draftOf(
  asked: Asked,
  right: Right,
  {
    kind,
    use,
    source,
    certain,
    said,
    content,
  }: {
    kind: WayKind
    use: string
    source: Source
    certain: boolean
    said: string
    content?: 'own' | 'stored' | 'server'
  },
): Draft {
  return {
    kind,
    actor: right.actor,
    subjectAccount: asked.account,
    stream: source.name,
    by: 'publish',
    use,
    reaches: asked.pattern,
    content: content ?? (feeds(right.actor, source, asked.account) ? 'own' : 'stored'),
    certain: certain && source.certain && right.domain === undefined,
    said: `${said}${through(right)}`,
  }
}

/** Whether it may publish to something that the stream captures. */
function feeds({ publish, decision }: Actor, { subjects }: Source, account: string): boolean {
  if (decision.account !== account || subjects === undefined) return false
  return publish.allow.some(({ pattern }) => subjects.some((subject) => overlaps(subject, pattern)))
}

function delivering(asked: Asked, right: Right, sources: readonly Source[], actors: Actors): Draft[] {
  return sources.flatMap((source): Draft[] => {
    const requests =
      right.shape.filter === undefined
        ? [requestOf(right, { stream: source.name })].filter((one) => one !== undefined)
        : (source.subjects ?? [asked.pattern]).flatMap((subject) =>
            filteredRequests(right, { stream: source.name }, source.subjects === undefined ? EVERYTHING : subject),
          )
    const said = `makes a consumer of stream ${source.name} that delivers to this subject`
    return requests.map(({ subject }) =>
      draftOf(asked, right, {
        kind: 'consumer-create',
        use: subject,
        source,
        certain: isOwnConsumer(right, source.config, actors),
        said,
      }),
    )
  })
}

function fetching(asked: Asked, right: Right, sources: readonly Source[]): Draft[] {
  const token = right.pattern.tokens[(right.shape.stream ?? 0) + 1] ?? '*'
  return sources.flatMap((source) =>
    pullConsumers(source, token).flatMap(({ consumer, certain }): Draft[] => {
      const request = requestOf(right, { stream: source.name, consumer })
      if (request === undefined) return []
      const said = `fetches from consumer ${consumer} of stream ${source.name} and names this subject for the answer`
      return [draftOf(asked, right, { kind: 'consumer-next', use: request.subject, source, certain, said })]
    }),
  )
}

function pullConsumers({ config }: Source, token: string): { consumer: string; certain: boolean }[] {
  if (config?.consumers === undefined) return [{ consumer: token, certain: false }]
  return config.consumers
    .filter(({ name, deliverSubject }) => deliverSubject === undefined && (token === '*' || token === name))
    .map(({ name, pinnedBy }) => ({ consumer: name, certain: pinnedBy === undefined }))
}

function getting(asked: Asked, right: Right, sources: readonly Source[]): Draft[] {
  const isDirect = right.shape.verb !== 'message-get'
  return sources.flatMap((source) => {
    if (isDirect && source.config !== undefined && source.config.allowDirect !== true) return []
    const requests =
      right.shape.filter === undefined
        ? [requestOf(right, { stream: source.name })].filter((one) => one !== undefined)
        : (source.subjects ?? [EVERYTHING]).flatMap((subject) =>
            filteredRequests(right, { stream: source.name }, subject),
          )
    const kind = isDirect ? 'direct-get' : 'message-get'
    const said = `asks stream ${source.name} for a message and names this subject for the answer`
    return requests.map(({ subject }) => draftOf(asked, right, { kind, use: subject, source, certain: true, said }))
  })
}

function snapshotting(asked: Asked, right: Right, sources: readonly Source[]): Draft[] {
  return sources.flatMap((source): Draft[] => {
    const request = requestOf(right, { stream: source.name })
    if (request === undefined || source.config?.storage === 'memory') return []
    const said = `has a backup of stream ${source.name} sent to this subject`
    return [draftOf(asked, right, { kind: 'stream-snapshot', use: request.subject, source, certain: true, said })]
  })
}

function configuring(asked: Asked, actors: Actors): Draft[] {
  return configurationRights(asked, asked.account, actors).map(({ right, kind, use, certain, what }) => ({
    kind,
    actor: right.actor,
    subjectAccount: asked.account,
    by: 'publish',
    use,
    reaches: asked.pattern,
    content: right.actor.publish.allow.some(({ pattern }) => pattern.tokens[0] !== '$JS') ? 'own' : 'stored',
    certain,
    said: `${what} that republishes to this subject${through(right)}`,
  }))
}

/** Publishing where streams, consumers or imports take the message here. */
function elsewhere(asked: Asked, place: Place, actors: Actors): Draft[] {
  const first = place.steps.find(({ kind }) => kind !== 'capture')
  if (place.stream !== undefined || first === undefined || first.kind === 'capture') return []
  const kind = first.kind
  const said = place.steps.map((step) => step.said).join('; ')
  return actors
    .publishers(place.account)
    .overlapping(place.pattern)
    .flatMap(({ actor, entry }): Draft[] => {
      const sent = intersect(entry.pattern, place.pattern)
      if (sent === undefined || isShut(actor.publish, sent)) return []
      return [
        {
          kind,
          actor,
          subjectAccount: asked.account,
          by: 'publish',
          use: sent.text,
          reaches: place.same ? sent : place.part,
          content: 'own',
          certain: place.certain,
          said: `${said}: it may publish there`,
        },
      ]
    })
}

/** A stream with schedules publishes what it was given on any of its own subjects, later. */
function scheduled(asked: Asked, actors: Actors, topology: Topology | undefined): Draft[] {
  const { streams = [] } = topology?.accounts.get(asked.account) ?? {}
  return streams
    .filter(({ allowSchedules }) => allowSchedules === true)
    .flatMap(({ name, subjects }) =>
      subjects.flatMap((target) => {
        const reaches = intersect(target, asked.pattern)
        if (reaches === undefined) return []
        return subjects.flatMap((subject) =>
          actors
            .publishers(asked.account)
            .overlapping(subject)
            .flatMap(({ actor, entry }): Draft[] => {
              const use = intersect(entry.pattern, subject)
              if (use === undefined || isShut(actor.publish, use)) return []
              const said = `has stream ${name} publish a scheduled message on another of its subjects`
              return [
                {
                  kind: 'scheduled-message',
                  actor,
                  subjectAccount: asked.account,
                  stream: name,
                  by: 'publish',
                  use: use.text,
                  reaches,
                  content: 'own',
                  certain: true,
                  said,
                },
              ]
            }),
        )
      }),
    )
}
