/** Where the next step takes a message: into streams and their copies, to the subjects that these pass it on to, to other accounts. Pure. */
import { intersect, type Pattern } from '../../subject/index.ts'
import type { Stream, Topology } from '../topology.ts'
import { knownStreams, type Copy } from './known-streams.ts'
import { imported, mapOf, republished, type Next, type Place, type Step } from './steps.ts'
import { mapBackward, mapForward } from './subject-map.ts'

export function stepsOnward(topology: Topology, { account, stream: name, pattern }: Place): Next[] {
  const known = knownStreams(topology)
  if (name === undefined) {
    return [
      ...known.capturing(account, pattern).flatMap((stream) => captured(stream, account, pattern)),
      ...exported(topology, account, pattern),
    ]
  }
  const stream = known.named(account, name)
  if (stream === undefined) return []
  return [
    ...delivered(stream, account, pattern),
    ...republished(stream, account, (map) => mapForward(map, pattern), 'onward'),
    ...known.copies(account, name).flatMap((copy) => copied(copy, name, pattern)),
  ]
}

function captured({ name, subjects, subjectTransform: map }: Stream, account: string, pattern: Pattern): Next[] {
  return subjects.flatMap((subject): Next[] => {
    const taken = intersect(subject, pattern)
    if (taken === undefined) return []
    const changed = map === undefined ? undefined : mapForward(map, taken)
    const said = `stream ${name} captures ${subject.text}`
    const step: Step = { kind: 'capture', said }
    const renamed: Step = { kind: 'capture', said: `${said} and stores it as ${changed?.pattern.text ?? ''}` }
    return [
      { account, stream: name, pattern: taken, of: taken, exact: true, step },
      ...(changed === undefined ? [] : [{ account, stream: name, ...changed, step: renamed }]),
    ]
  })
}

function exported({ accounts }: Topology, account: string, pattern: Pattern): Next[] {
  const local = accounts.get(account)?.imports ?? []
  const calls = local
    .filter(({ kind }) => kind === 'service')
    .flatMap((one) => imported(one, mapBackward(mapOf(one), pattern), one.account, account))
  const streams = [...accounts].flatMap(([name, { imports = [] }]) =>
    imports
      .filter((one) => one.kind === 'stream' && one.account === account)
      .flatMap((one) => imported(one, mapForward(mapOf(one), pattern), name, name)),
  )
  return [...calls, ...streams]
}

function delivered({ name, consumers = [] }: Stream, account: string, pattern: Pattern): Next[] {
  return consumers.flatMap(({ name: consumer, deliverSubject, filterSubjects }): Next[] => {
    if (deliverSubject === undefined) return []
    const said = `consumer ${consumer} of stream ${name} delivers to ${deliverSubject.text}`
    const step: Step = { kind: 'push-delivery', said }
    return (filterSubjects ?? [pattern]).flatMap((filter): Next[] => {
      const of = intersect(filter, pattern)
      return of === undefined ? [] : [{ account, pattern: deliverSubject, of, exact: true, step }]
    })
  })
}

function copied({ account, stream, source }: Copy, from: string, pattern: Pattern): Next[] {
  const said = `stream ${stream.name} copies stream ${from}`
  return (source.maps ?? [undefined]).flatMap((map): Next[] => {
    const found = map === undefined ? { pattern, of: pattern, exact: true } : mapForward(map, pattern)
    if (found === undefined) return []
    const renamed =
      stream.subjectTransform === undefined ? undefined : mapForward(stream.subjectTransform, found.pattern)
    const all = renamed === undefined ? [found] : [found, { ...renamed, of: found.of, exact: false }]
    return all.map((one) => ({ account, stream: stream.name, ...one, step: { kind: 'stream-copy', said } }))
  })
}
