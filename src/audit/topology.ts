/**
 * What is known of JetStream and of the borders between accounts: streams with their consumers, imports and exports, by account.
 * Read from `topology.json` (docs/roundabout-ways.md), which `nib topology` writes. Pure. What an account leaves out is not known,
 * an empty list is known to be empty. Fields that the file does not have are refused, so that a misspelt one hides nothing.
 */
import { z } from 'zod'
import { spellPath } from '../lib/spell.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { parsePattern, type Pattern } from '../subject/index.ts'
import type { SubjectMap } from './roundabout/subject-map.ts'

export interface Topology {
  readonly accounts: ReadonlyMap<string, AccountTopology>
}

export interface AccountTopology {
  /** False: nobody has JetStream there. */
  readonly jetStream?: boolean | undefined
  /** Absent: not known. */
  readonly streams?: readonly Stream[] | undefined
  /** Absent: not known. */
  readonly imports?: readonly AccountImport[] | undefined
  /** Absent: not known. Whatever is imported counts as exported. */
  readonly exports?: readonly AccountExport[] | undefined
}

export interface Stream {
  readonly name: string
  /** What it captures; none for a mirror. */
  readonly subjects: readonly Pattern[]
  readonly allowDirect?: boolean | undefined
  /** Answers the direct gets of the stream that it mirrors. */
  readonly mirrorDirect?: boolean | undefined
  /** Publishers get no acknowledgement. */
  readonly noAck?: boolean | undefined
  /** Messages may have themselves published later, on another subject of the stream. */
  readonly allowSchedules?: boolean | undefined
  /** Memory streams have no snapshots. */
  readonly storage?: 'file' | 'memory' | undefined
  readonly subjectTransform?: SubjectMap | undefined
  readonly republish?: SubjectMap | undefined
  readonly mirror?: StreamSource | undefined
  readonly sources?: readonly StreamSource[] | undefined
  /** Absent: not known. */
  readonly consumers?: readonly Consumer[] | undefined
}

/** Another stream that messages are copied from: those that a map speaks of, all of them when there is none. */
export interface StreamSource {
  readonly stream: string
  readonly maps?: readonly SubjectMap[] | undefined
  /** Of a stream of another account or domain: where its API is, seen from here. */
  readonly apiPrefix?: string | undefined
}

export interface Consumer {
  readonly name: string
  /** Absent: every subject of the stream. */
  readonly filterSubjects?: readonly Pattern[] | undefined
  /** Of a push consumer; without it, clients fetch. */
  readonly deliverSubject?: Pattern | undefined
  readonly deliverGroup?: string | undefined
  readonly durable?: boolean | undefined
  readonly priorityGroups?: readonly string[] | undefined
  /** Id of the one client that a group is pinned to: the others wait until it is gone. */
  readonly pinnedBy?: string | undefined
}

export interface AccountImport {
  readonly kind: 'stream' | 'service'
  /** The account that exports. */
  readonly account: string
  /** There, and here. */
  readonly subject: Pattern
  /** Of a stream: where its subjects are here. Of a service: the subject that is called here. */
  readonly localSubject: string
}

export interface AccountExport {
  readonly kind: 'stream' | 'service'
  readonly subject: Pattern
  /** Absent: every account may import it. */
  readonly accounts?: readonly string[] | undefined
}

const pattern = z.string().transform((text, context): Pattern => {
  const parsed = parsePattern(text)
  if (parsed.ok) return parsed.value
  context.addIssue({ code: 'custom', message: parsed.error })
  return z.NEVER
})
const name = z.string().min(1).max(255)
const map = z.strictObject({ source: pattern, destination: z.string().max(1024) })
const source = z.strictObject({
  stream: name,
  maps: z.array(map).optional(),
  apiPrefix: z.string().max(1024).optional(),
})
const consumer = z.strictObject({
  name,
  filterSubjects: z.array(pattern).min(1).optional(),
  deliverSubject: pattern.optional(),
  deliverGroup: name.optional(),
  durable: z.boolean().optional(),
  priorityGroups: z.array(name).optional(),
  pinnedBy: z.string().optional(),
})
const stream = z.strictObject({
  name,
  subjects: z.array(pattern),
  allowDirect: z.boolean().optional(),
  mirrorDirect: z.boolean().optional(),
  noAck: z.boolean().optional(),
  allowSchedules: z.boolean().optional(),
  storage: z.enum(['file', 'memory']).optional(),
  subjectTransform: map.optional(),
  republish: map.optional(),
  mirror: source.optional(),
  sources: z.array(source).optional(),
  consumers: z.array(consumer).optional(),
})
const kind = z.enum(['stream', 'service'])
const account = z.strictObject({
  jetStream: z.boolean().optional(),
  streams: z.array(stream).optional(),
  imports: z
    .array(z.strictObject({ kind, account: name, subject: pattern, localSubject: z.string().min(1).max(1024) }))
    .optional(),
  exports: z.array(z.strictObject({ kind, subject: pattern, accounts: z.array(name).optional() })).optional(),
})
const topology = z.strictObject({ accounts: z.record(z.string(), account) })

/** The shape of the file, before it is read: what `nib topology` writes. */
export type TopologyText = z.input<typeof topology>

/** @returns the topology, or what is wrong with it and where, fit for an error message. */
export function parseTopology(value: unknown): Result<Topology, string> {
  const parsed = topology.safeParse(value)
  if (parsed.success) return ok({ accounts: new Map(Object.entries(parsed.data.accounts)) })
  const [issue] = parsed.error.issues
  const path = (issue?.path ?? []).map((step) => (typeof step === 'number' ? step : String(step)))
  return err(`${spellPath(path)}: ${issue?.message ?? 'not a topology'}`)
}
