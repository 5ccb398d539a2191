/** What passes a message on, one step at a time, and whichever way it is looked at: towards its readers or to where it came from. Pure. */
import type { Pattern } from '../../subject/index.ts'
import type { AccountImport, Stream, StreamSource, Topology } from '../topology.ts'
import type { Mapped, SubjectMap } from './subject-map.ts'
import type { WayKind } from './way.ts'

export interface Step {
  readonly kind: Extract<WayKind, 'push-delivery' | 'republish' | 'stream-copy' | 'account-import'> | 'capture'
  /** `stream ORDERS captures orders.>`. */
  readonly said: string
}

export interface Place {
  readonly account: string
  /** Stored there; without it the pattern is one of the account's subjects. */
  readonly stream?: string
  readonly pattern: Pattern
  /** What of the pattern that was asked about this is. */
  readonly part: Pattern
  /** The messages have the subjects here that they have there. */
  readonly same: boolean
  /** From the subject that was asked about to here; the other way round for where messages come from. */
  readonly steps: readonly Step[]
  readonly certain: boolean
}

export interface Next extends Mapped {
  readonly account: string
  readonly stream?: string
  readonly step: Step
}

export function imported(one: AccountImport, mapped: Mapped | undefined, account: string, importer: string): Next[] {
  if (mapped === undefined) return []
  const here = one.localSubject === one.subject.text ? '' : ` as ${one.localSubject}`
  const said = `account ${importer} imports the ${one.kind} ${one.subject.text} of account ${one.account}${here}`
  return [{ ...mapped, account, step: { kind: 'account-import', said } }]
}

/** From the subject of the account that exports to the one here. */
export function mapOf({ subject, localSubject }: AccountImport): SubjectMap {
  let wildcard = 0
  // A subject that is not renamed is written with its wildcards, which a destination has none of.
  const destination = localSubject
    .split('.')
    .map((token) => (token === '*' ? `$${++wildcard}` : token))
    .join('.')
  return { source: subject, destination }
}

export function republished(
  { name, republish }: Stream,
  account: string,
  map: (by: SubjectMap) => Mapped | undefined,
  direction: 'onward' | 'back',
): Next[] {
  const found = republish === undefined ? undefined : map(republish)
  if (republish === undefined || found === undefined) return []
  const said = `stream ${name} republishes ${republish.source.text} as ${republish.destination}`
  const stream = direction === 'back' ? { stream: name } : {}
  return [{ account, ...stream, ...found, step: { kind: 'republish', said } }]
}

export function sourcesOf({ mirror, sources = [] }: Stream): readonly StreamSource[] {
  return mirror === undefined ? sources : [mirror, ...sources]
}

/** Where the source lives, seen from an account; `undefined` when its imports do not say. */
export function accountOf({ accounts }: Topology, account: string, { apiPrefix }: StreamSource): string | undefined {
  if (apiPrefix === undefined || apiPrefix === '$JS.API') return account
  return accounts
    .get(account)
    ?.imports?.find(({ kind, localSubject }) => kind === 'service' && `${localSubject}.`.startsWith(`${apiPrefix}.`))
    ?.account
}
