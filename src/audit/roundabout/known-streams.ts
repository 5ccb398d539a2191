/** The streams of a topology, sorted once by what is asked of them: name, subjects, what they copy, whether they send on. Pure. */
import { remember } from '../../lib/remember.ts'
import { PatternIndex, type Pattern } from '../../subject/index.ts'
import type { Stream, StreamSource, Topology } from '../topology.ts'
import { accountOf, sourcesOf } from './steps.ts'

export interface Copy {
  readonly account: string
  readonly stream: Stream
  readonly source: StreamSource
}

export interface KnownStreams {
  named(account: string, name: string): Stream | undefined
  /** Each once. */
  capturing(account: string, pattern: Pattern): readonly Stream[]
  /** With push consumers, or that republish. */
  sending(account: string): readonly Stream[]
  /** That store messages under other subjects than they capture. */
  renaming(account: string): readonly Stream[]
  /** Of a stream, in its own account or through an import of its API. */
  copies(account: string, name: string): readonly Copy[]
}

const indexes = new WeakMap<Topology, KnownStreams>()

export function knownStreams(topology: Topology): KnownStreams {
  return remember(indexes, topology, indexStreams)
}

interface Streams {
  readonly byName: ReadonlyMap<string, Stream>
  readonly bySubject: PatternIndex<Stream>
  readonly sending: readonly Stream[]
  readonly renaming: readonly Stream[]
}

const NONE: readonly never[] = []

function indexStreams(topology: Topology): KnownStreams {
  const accounts = new Map<string, Streams>()
  const copies = new Map<string, Copy[]>()
  for (const [account, { streams = [] }] of topology.accounts) {
    const bySubject = new PatternIndex<Stream>()
    for (const stream of streams) {
      for (const subject of stream.subjects) bySubject.add(subject, stream)
      for (const source of sourcesOf(stream)) {
        const home = accountOf(topology, account, source)
        if (home === undefined) continue
        const key = keyOf(home, source.stream)
        copies.set(key, [...(copies.get(key) ?? []), { account, stream, source }])
      }
    }
    accounts.set(account, {
      byName: new Map(streams.map((stream) => [stream.name, stream])),
      bySubject,
      sending: streams.filter((stream) => stream.republish !== undefined || hasPushConsumers(stream)),
      renaming: streams.filter(({ subjectTransform }) => subjectTransform !== undefined),
    })
  }
  return {
    named: (account, name) => accounts.get(account)?.byName.get(name),
    capturing: (account, pattern) => [...new Set(accounts.get(account)?.bySubject.overlapping(pattern) ?? NONE)],
    sending: (account) => accounts.get(account)?.sending ?? NONE,
    renaming: (account) => accounts.get(account)?.renaming ?? NONE,
    copies: (account, name) => copies.get(keyOf(account, name)) ?? NONE,
  }
}

function hasPushConsumers({ consumers = [] }: Stream): boolean {
  return consumers.some(({ deliverSubject }) => deliverSubject !== undefined)
}

function keyOf(account: string, stream: string): string {
  return `${account} ${stream}`
}
