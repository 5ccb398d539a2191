/**
 * Which streams of an account hold what is asked about, as far as that is known. Pure.
 * Without a topology, convention alone fixes something: KV_<bucket> holds $KV.<bucket>.>, OBJ_<store> holds $O.<store>.>.
 */
import { intersect, overlaps, parsePattern, type Pattern } from '../../subject/index.ts'
import type { Stream, Topology } from '../topology.ts'
import { knownStreams } from './known-streams.ts'
import type { Place } from './steps.ts'

export interface HeldStream {
  /** `*`: one whose name nobody knows. */
  readonly name: string
  readonly place: Place
  /** Absent: only its name is known. */
  readonly config?: Stream
  /** False: it may hold something of it. */
  readonly certain: boolean
}

export interface Holdings {
  /** Accounts where any of it can be met. */
  readonly accounts: readonly string[]
  /** Subjects there, that of the question left out. */
  readonly elsewhere: readonly Place[]
  /** Streams of the account that hold some of it, among those that the token (a name, or `*`) may mean. */
  named(account: string, token: string): readonly HeldStream[]
  /** All of them; `undefined` when streams are not known. */
  names(account: string): readonly string[] | undefined
  /** What of it can be met in the account. */
  at(account: string): readonly Place[]
}

export function holdingsOf(places: readonly Place[], topology: Topology | undefined): Holdings {
  const byAccount = new Map<string, Place[]>()
  const held = new Map<string, Map<string, HeldStream[]>>()
  for (const place of places) {
    const { account, stream, certain } = place
    byAccount.set(account, [...(byAccount.get(account) ?? []), place])
    const config =
      stream === undefined || topology === undefined ? undefined : knownStreams(topology).named(account, stream)
    if (config === undefined) continue
    const streams = held.get(account) ?? new Map<string, HeldStream[]>()
    held.set(account, streams)
    streams.set(config.name, [...(streams.get(config.name) ?? []), { name: config.name, place, config, certain }])
  }
  const isKnown = (account: string): boolean => topology?.accounts.get(account)?.streams !== undefined
  return {
    accounts: [...byAccount.keys()],
    elsewhere: places.filter(({ stream, steps }) => stream === undefined && steps.length > 0),
    at: (account) => byAccount.get(account) ?? [],
    names: (account) => (isKnown(account) ? [...(held.get(account)?.keys() ?? [])] : undefined),
    named(account, token) {
      if (!isKnown(account)) {
        const subjects = (byAccount.get(account) ?? []).filter(({ stream }) => stream === undefined)
        return subjects.flatMap((place) => guessed(place, token))
      }
      const streams = held.get(account)
      return token === '*' ? [...(streams?.values() ?? [])].flat() : (streams?.get(token) ?? [])
    },
  }
}

/** What a stream with this name captures by the convention of buckets and stores. */
export function conventionalSubjects(stream: string): Pattern | undefined {
  const [, kind, bucket] = /^(KV|OBJ)_([^.*>]+)$/.exec(stream) ?? []
  if (bucket === undefined) return undefined
  const pattern = parsePattern(`${kind === 'KV' ? '$KV' : '$O'}.${bucket}.>`)
  return pattern.ok ? pattern.value : undefined
}

function guessed(place: Place, token: string): HeldStream[] {
  if (token !== '*') {
    const captured = conventionalSubjects(token)
    if (captured === undefined) return [{ name: token, place, certain: false }]
    const pattern = intersect(captured, place.pattern)
    return pattern === undefined ? [] : [conventional(token, place, pattern)]
  }
  const { tokens } = place.pattern
  const name = bucketStream(tokens)
  if (name !== undefined) return [conventional(name, place, place.pattern)]
  return [{ name: '*', place, certain: false }]
}

function conventional(name: string, place: Place, pattern: Pattern): HeldStream {
  const step = {
    kind: 'capture',
    said: `stream ${name} is a bucket and captures ${conventionalSubjects(name)?.text ?? ''}`,
  } as const
  const part = place.same ? pattern : place.part
  return {
    name,
    place: { ...place, stream: name, pattern, part, steps: [...place.steps, step] },
    certain: place.certain,
  }
}

function bucketStream([first, bucket]: readonly string[]): string | undefined {
  if (bucket === undefined || bucket === '*' || bucket === '>') return undefined
  if (first === '$KV') return `KV_${bucket}`
  return first === '$O' ? `OBJ_${bucket}` : undefined
}

/** Whether a consumer with these filters delivers anything of the pattern. */
export function passes(filters: readonly Pattern[] | undefined, pattern: Pattern): boolean {
  return filters?.some((filter) => overlaps(filter, pattern)) ?? true
}
