/** What the step before was: the streams, consumers and accounts from which a message gets where it is. Pure. */
import { intersect, type Pattern } from '../../subject/index.ts'
import type { Stream, StreamSource, Topology } from '../topology.ts'
import { knownStreams } from './known-streams.ts'
import { accountOf, imported, mapOf, republished, sourcesOf, type Next, type Place, type Step } from './steps.ts'
import { mapBackward, mapForward, type Mapped } from './subject-map.ts'
import { EVERYTHING } from './written-pattern.ts'

export function stepsBack(topology: Topology, { account, stream: name, pattern }: Place): Next[] {
  const known = knownStreams(topology)
  if (name === undefined) {
    return [
      ...known
        .sending(account)
        .flatMap((stream) => [
          ...deliveringTo(stream, account, pattern),
          ...republished(stream, account, (map) => mapBackward(map, pattern), 'back'),
        ]),
      ...importing(topology, account, pattern),
    ]
  }
  const stream = known.named(account, name)
  if (stream === undefined) return []
  return [
    ...capturing(stream, account, pattern),
    ...sourcesOf(stream).flatMap((source) => copying(topology, account, stream, source, pattern)),
  ]
}

function deliveringTo({ name, consumers = [] }: Stream, account: string, pattern: Pattern): Next[] {
  return consumers.flatMap(({ name: consumer, deliverSubject, filterSubjects }): Next[] => {
    const of = deliverSubject === undefined ? undefined : intersect(deliverSubject, pattern)
    if (deliverSubject === undefined || of === undefined) return []
    const said = `consumer ${consumer} of stream ${name} delivers to ${deliverSubject.text}`
    const step: Step = { kind: 'push-delivery', said }
    return (filterSubjects ?? [EVERYTHING]).map((filter) => ({
      account,
      stream: name,
      pattern: filter,
      of,
      exact: true,
      step,
    }))
  })
}

function importing(topology: Topology, account: string, pattern: Pattern): Next[] {
  const streams = (topology.accounts.get(account)?.imports ?? [])
    .filter(({ kind }) => kind === 'stream')
    .flatMap((one) => imported(one, mapBackward(mapOf(one), pattern), one.account, account))
  const calls = [...topology.accounts].flatMap(([name, { imports = [] }]) =>
    imports
      .filter((one) => one.kind === 'service' && one.account === account)
      .flatMap((one) => imported(one, mapForward(mapOf(one), pattern), name, name)),
  )
  return [...streams, ...calls]
}

function capturing({ name, subjects, subjectTransform: map }: Stream, account: string, pattern: Pattern): Next[] {
  const origins: Mapped[] = [
    { pattern, of: pattern, exact: true },
    ...(map === undefined ? [] : [mapBackward(map, pattern) ?? []].flat()),
  ]
  return subjects.flatMap((subject) =>
    origins.flatMap(({ pattern: before, of, exact }): Next[] => {
      const taken = intersect(subject, before)
      const step: Step = { kind: 'stream-copy', said: `stream ${name} captures ${subject.text}` }
      return taken === undefined
        ? []
        : [{ account, pattern: taken, of: of.text === before.text ? taken : of, exact, step }]
    }),
  )
}

function copying(topology: Topology, account: string, to: Stream, source: StreamSource, pattern: Pattern): Next[] {
  const home = accountOf(topology, account, source)
  if (home === undefined) return []
  const step: Step = { kind: 'stream-copy', said: `stream ${to.name} copies stream ${source.stream}` }
  return (source.maps ?? [undefined]).flatMap((map): Next[] => {
    const found = map === undefined ? { pattern, of: pattern, exact: true } : mapBackward(map, pattern)
    return found === undefined ? [] : [{ account: home, stream: source.stream, ...found, step }]
  })
}
