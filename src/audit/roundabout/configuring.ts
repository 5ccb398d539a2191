/**
 * Who may set up a stream: create it, change one, restore one from a backup of its own making. Pure.
 * The configuration is in the body, so no permission says what the stream captures, copies or republishes.
 */
import type { Pattern } from '../../subject/index.ts'
import { streamIn, type Actors, type Right } from './actors.ts'
import { CHOSEN, requestOf, type Names } from './requests.ts'
import type { Stream } from '../topology.ts'
import type { WayKind } from './way.ts'

export interface Asked {
  readonly account: string
  readonly pattern: Pattern
  /** Of the accounts that the pattern can be met in: whether JetStream is there is known. */
  isSure(account: string): boolean
  /** Streams of the account, when they are known. */
  existing(account: string): readonly { readonly name: string; readonly isMirror: boolean }[] | undefined
}

export function through({ domain, imported }: Right): string {
  if (imported !== undefined) return `, through the import of ${imported.localSubject} from account ${imported.account}`
  return domain === undefined ? '' : `, from a leaf node of JetStream domain ${domain}`
}

export interface Configuring {
  readonly right: Right
  readonly kind: WayKind
  readonly use: string
  readonly certain: boolean
  readonly what: string
}

export function configurationRights(asked: Asked, account: string, actors: Actors): Configuring[] {
  const existing = asked.existing(account)
  const isSure = asked.isSure(account)
  const found = (right: Right, kind: WayKind, what: string, names: Names): Configuring[] => {
    const request = requestOf(right, names)
    const certain = isSure && right.domain === undefined
    return request === undefined ? [] : [{ right, kind, use: request.subject, certain, what }]
  }
  /** What has to be deleted first, for the name to be free; `undefined`: it is taken. */
  const freeing = (right: Right): readonly string[] | undefined => {
    const name = streamIn(right)
    if (name === '*' || existing?.some((stream) => stream.name === name) !== true) return []
    for (const other of actors.rights(account, 'stream-delete')) {
      const request = other.actor === right.actor ? requestOf(other, { stream: name }) : undefined
      if (request !== undefined) return [request.subject]
    }
    return undefined
  }
  const making = (right: Right, kind: WayKind, what: string): Configuring[] => {
    const before = freeing(right)
    if (before === undefined) return []
    const anew = before.length === 0 ? what : `deletes stream ${streamIn(right)} and ${what}`
    const made = found(right, kind, anew, { stream: newName(right) })
    return made.flatMap((one) => [one, ...before.map((use) => ({ ...one, use }))])
  }
  return [
    ...actors.rights(account, 'stream-create').flatMap((right) => making(right, 'stream-create', 'makes a stream')),
    ...actors.rights(account, 'stream-update').flatMap((right) => {
      const name = streamIn(right)
      if (existing === undefined) return found(right, 'stream-update', 'changes a stream into one', {})
      const fitting = existing.filter((stream) => !stream.isMirror && (name === '*' || name === stream.name))
      return fitting.flatMap((stream) =>
        found(right, 'stream-update', 'changes a stream into one', { stream: stream.name }),
      )
    }),
    ...actors
      .rights(account, 'stream-restore')
      .filter((right) =>
        actors
          .rights(account, 'restore-upload')
          .some((other) => other.actor === right.actor && requestOf(other, { stream: streamIn(right) }) !== undefined),
      )
      .flatMap((right) => making(right, 'stream-restore', 'restores a stream from a backup of its making, one')),
  ]
}

/** Of a stream that is made. */
function newName(right: Right): string {
  const name = streamIn(right)
  return name === '*' ? CHOSEN : name
}

/**
 * Whether a consumer of the right's own making can be there under the name of its request: one that is fetched from does not become
 * one that delivers, unless its maker may delete it first.
 */
export function isOwnConsumer(right: Right, stream: Stream | undefined, actors: Actors): boolean {
  const { shape, account, actor } = right
  if (!shape.hasConsumer || shape.stream === undefined) return true
  const name = right.pattern.tokens[shape.stream + 1]
  if (name === undefined || name === '*') return true
  const taken = stream?.consumers?.some((one) => one.name === name && one.deliverSubject === undefined) === true
  if (!taken) return true
  const names = { stream: stream?.name ?? '', consumer: name }
  return actors
    .rights(account, 'consumer-delete')
    .some((other) => other.actor === actor && requestOf(other, names) !== undefined)
}
