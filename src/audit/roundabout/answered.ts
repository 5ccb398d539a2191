/**
 * Writing by being answered: whoever answers a request publishes to the reply subject that it names, and no permission of the requester
 * speaks of that subject. Pure. JetStream and the server answer with their own rights; a responder with NATS `resp`, which overrides
 * every deny. Which subject it is makes no difference, so this is worked out once.
 */
import { covers, intersect, type Pattern } from '../../subject/index.ts'
import type { Topology } from '../topology.ts'
import { isShut, type Actor, type Actors, type Right } from './actors.ts'
import type { ApiVerb } from './api-shapes.ts'
import { through } from './configuring.ts'
import type { Draft } from './draft.ts'
import { CHOSEN, requestOf, type Names } from './requests.ts'
import { mapOf } from './steps.ts'
import { mapForward } from './subject-map.ts'
import { EVERYTHING, writtenPattern } from './written-pattern.ts'

/** That clients may not name: nats-server closes the connection of whoever does. */
const RESERVED = ['_R_.>', '$JS.ACK.>', '_GR_.>', '$GR.>'].map(writtenPattern)

export function isReserved(pattern: Pattern): boolean {
  return RESERVED.some((reserved) => covers(reserved, pattern))
}

/** Of everybody who lives in the account; they reach any subject of it that is not reserved. */
export function answeredDrafts(account: string, actors: Actors, topology: Topology | undefined): Draft[] {
  return [
    ...byTheApi(account, actors, topology),
    ...byStreams(account, actors, topology),
    ...SERVER.flatMap((subject) => asking(account, subject, actors, 'asks the server about itself')),
    ...byResponders(account, actors, topology),
  ]
}

/** Answered in every account. */
const SERVER = [
  '$SYS.REQ.USER.INFO',
  '$SYS.REQ.ACCOUNT.PING.CONNZ',
  '$SYS.REQ.ACCOUNT.PING.STATZ',
  '$SYS.REQ.SERVER.PING.CONNZ',
].map(writtenPattern)

const ANSWERED: readonly ApiVerb[] = [
  'direct-get',
  'direct-get-subject',
  'answered',
  'message-get',
  'create-unnamed',
  'create-named',
  'create-filtered',
  'create-durable',
  'stream-create',
  'stream-update',
  'stream-delete',
  'stream-restore',
  'stream-snapshot',
]

const NAMES = 'and names this subject for the answer'

/** One request is enough: each is answered, be it with an error. */
function byTheApi(account: string, actors: Actors, topology: Topology | undefined): Draft[] {
  const found = new Map<Actor, Draft>()
  for (const right of ANSWERED.flatMap((verb) => actors.residents(account, verb))) {
    const known = found.get(right.actor)
    if (known?.certain === true) continue
    const answer = isAnswered(right, topology)
    const request = answer === undefined ? undefined : requestOf(right, answer.names)
    if (answer === undefined || request === undefined) continue
    const { certain } = answer
    if (known !== undefined && !certain) continue
    const said = `asks JetStream for anything ${NAMES}${through(right)}`
    found.set(right.actor, answered(right.actor, account, request.subject, said, 'server', certain))
  }
  return [...found.values()]
}

interface Answer {
  readonly names: Names
  readonly certain: boolean
}

/** Direct gets are answered by streams that allow them, everything else wherever JetStream is; `undefined`: by nobody. */
function isAnswered({ shape, pattern, account, domain }: Right, topology: Topology | undefined): Answer | undefined {
  const { jetStream, streams } = topology?.accounts.get(account) ?? {}
  const isNear = domain === undefined
  const token = shape.stream === undefined ? undefined : pattern.tokens[shape.stream]
  if (!shape.verb.startsWith('direct-get')) {
    const names = token === '*' ? { stream: CHOSEN } : {}
    return { names, certain: (jetStream ?? (streams ?? []).length > 0) && isNear }
  }
  if (streams === undefined) return { names: {}, certain: false }
  const direct = streams.find((one) => one.allowDirect === true && (token === '*' || token === one.name))
  return direct === undefined ? undefined : { names: { stream: direct.name }, certain: isNear }
}

/** A stream acknowledges what it captures. */
function byStreams(account: string, actors: Actors, topology: Topology | undefined): Draft[] {
  const { streams } = topology?.accounts.get(account) ?? {}
  if (streams !== undefined) {
    return streams
      .filter(({ noAck }) => noAck !== true)
      .flatMap(({ subjects }) => subjects.flatMap((subject) => asking(account, subject, actors, TO_STREAM)))
  }
  return BUCKETS.flatMap((subject) =>
    asking(account, subject, actors, TO_STREAM).filter(({ use }) => use.split('.')[1] !== '*'),
  )
}

const TO_STREAM = 'publishes to a stream, which acknowledges it,'
const BUCKETS = ['$KV.*.>', '$O.*.>'].map(writtenPattern)

/** Publishers to a subject that the server itself answers on. */
function asking(account: string, subject: Pattern, actors: Actors, said: string): Draft[] {
  return actors
    .publishers(account)
    .overlapping(subject)
    .flatMap(({ actor, entry }): Draft[] => {
      const sent = intersect(entry.pattern, subject)
      if (sent === undefined || isShut(actor.publish, sent)) return []
      return [answered(actor, account, sent.text, `${said} ${NAMES}`, 'server', true)]
    })
}

function answered(
  actor: Actor,
  subjectAccount: string,
  use: string,
  said: string,
  content: 'server' | 'service',
  certain: boolean,
): Draft {
  const kind = content === 'server' ? 'server-answer' : 'reply-reflection'
  return { kind, actor, subjectAccount, by: 'publish', use, reaches: EVERYTHING, content, certain, said }
}

interface Asked {
  readonly responders: Map<string, Actor>
  readonly uses: Set<string>
}

/** Responders of the account, and those whose service it imports. */
function byResponders(account: string, actors: Actors, topology: Topology | undefined): Draft[] {
  const requesters = new Map<Actor, Asked>()
  const replies: Draft[] = []
  for (const responder of actors.responders) {
    for (const { sent, requester } of requestsTo(responder, account, actors, topology)) {
      if (requester === responder) {
        const said = 'sends a request to itself and answers it on this subject: NATS resp lets a responder'
        replies.push({ ...answered(responder, account, sent.text, said, 'service', true), ...REPLY, content: 'own' })
        continue
      }
      const asked = requesters.get(requester) ?? { responders: new Map<string, Actor>(), uses: new Set<string>() }
      requesters.set(requester, asked)
      asked.responders.set(responder.name, responder)
      asked.uses.add(sent.text)
      if (responder.decision.account !== account) continue
      const said = 'answers on this subject when a request names it: NATS resp lets a responder'
      replies.push({
        ...answered(responder, account, '', said, 'service', false),
        ...REPLY,
        by: 'subscribe',
        use: sent.text,
        content: 'own',
      })
    }
  }
  return [
    ...replies,
    ...[...requesters].flatMap(([actor, { responders, uses }]) => {
      const said = `sends a request ${NAMES}, to ${namesOf([...responders.keys()])}`
      return [...uses].map((use) => answered(actor, account, use, said, 'service', true))
    }),
  ]
}

const REPLY = { kind: 'service-reply' } as const
const MOST_NAMES = 3

function namesOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return `${names.toSorted().slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` or ${more} more` : ''}`
}

/** What whoever lives in the account may send that reaches the responder, under the subjects of that account. */
function requestsTo(
  responder: Actor,
  account: string,
  actors: Actors,
  topology: Topology | undefined,
): { readonly sent: Pattern; readonly requester: Actor }[] {
  const isHome = responder.decision.account === account
  const imports = isHome
    ? []
    : (topology?.accounts.get(account)?.imports ?? []).filter(
        (one) => one.kind === 'service' && one.account === responder.decision.account,
      )
  const heard = responder.subscribe.allow.flatMap(({ pattern, queue }) =>
    (isHome ? [pattern] : imports.flatMap((one) => mapForward(mapOf(one), pattern)?.pattern ?? [])).map((here) => ({
      here,
      queue,
    })),
  )
  return heard.flatMap(({ here, queue }) =>
    actors
      .publishers(account)
      .overlapping(here)
      .flatMap(({ actor, entry }) => {
        const sent = intersect(entry.pattern, here)
        if (sent === undefined || isShut(actor.publish, sent)) return []
        return isHome && isShut(responder.subscribe, sent, queue) ? [] : [{ sent, requester: actor }]
      }),
  )
}
