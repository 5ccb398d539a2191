/**
 * What an object of ours is told about itself, as Kubernetes conditions: whether it compiles, and whether the policy in force is made of
 * it as it stands. It hears of its own mistakes only: those of others may be of other namespaces.
 */
import type { SourceObject } from '../compile/index.ts'
import { isJsonObject, type Json } from '../lib/json.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Resource } from './resources.ts'
import type { StoredObject } from './store.ts'

export interface Condition {
  readonly type: 'Compiled' | 'Enforced'
  readonly status: 'True' | 'False'
  /** CamelCase. */
  readonly reason: string
  readonly message: string
}

/** What became of the objects in the newest compilation. */
export interface Verdict {
  readonly diagnostics: readonly Diagnostic[]
  /** What the snapshot in force was compiled from. */
  readonly inForce: ReadonlySet<SourceObject>
}

export type Judge = (resource: Resource, object: StoredObject) => readonly Condition[]

export function createJudge({ diagnostics, inForce }: Verdict): Judge {
  const byObject = new Map<string, Diagnostic[]>()
  for (const diagnostic of diagnostics) {
    // Those of files speak of another document, were it of the same name.
    if (diagnostic.file !== undefined || diagnostic.name === undefined) continue
    const key = keyOf(diagnostic.kind, diagnostic.namespace, diagnostic.name)
    const known = byObject.get(key)
    if (known === undefined) byObject.set(key, [diagnostic])
    else known.push(diagnostic)
  }
  return ({ kind }, { source, namespace, name }) => {
    const own = byObject.get(keyOf(kind, namespace, name)) ?? []
    return [compiled(own), enforced(hasError(own), inForce.has(source))]
  }
}

function keyOf(kind: string | undefined, namespace: string | undefined, name: string): string {
  return JSON.stringify([kind, namespace, name])
}

function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error')
}

function compiled(own: readonly Diagnostic[]): Condition {
  const errors = own.filter(({ severity }) => severity === 'error')
  const [first] = errors
  if (first !== undefined) {
    return { type: 'Compiled', status: 'False', reason: camelCase(first.code), message: spell(errors) }
  }
  const told = own.filter(({ severity }) => severity === 'warning')
  const message = told.length === 0 ? 'the document compiles' : `the document compiles; ${spell(told)}`
  return { type: 'Compiled', status: 'True', reason: told.length === 0 ? 'Compiled' : 'CompiledWithWarnings', message }
}

function enforced(isBroken: boolean, isInForce: boolean): Condition {
  if (isInForce && !isBroken) {
    return { type: 'Enforced', status: 'True', reason: 'InForce', message: 'the policy in force holds this document' }
  }
  if (isInForce) {
    const message = 'the policy in force holds nothing of this document, because it does not compile'
    return { type: 'Enforced', status: 'False', reason: 'NotCompiled', message }
  }
  const whose = isBroken ? 'this document' : 'another document'
  const message = `the last good policy stays in force, without this form of the document, because ${whose} cannot be used`
  return { type: 'Enforced', status: 'False', reason: 'LastGoodKept', message }
}

const MAX_TOLD = 3
const MAX_MESSAGE = 2_000

function spell(diagnostics: readonly Diagnostic[]): string {
  const told = diagnostics
    .slice(0, MAX_TOLD)
    .map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`))
  const left = diagnostics.length - told.length
  return [...told, ...(left === 0 ? [] : [`and ${left} more`])].join('; ').slice(0, MAX_MESSAGE)
}

/** `unknown-field` becomes `UnknownField`. */
function camelCase(code: string): string {
  return code.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]|$)/g, (_all, letter: string) => letter.toUpperCase())
}

export interface ObjectStatus {
  readonly observedGeneration: number
  readonly conditions: readonly (Condition & {
    readonly observedGeneration: number
    /** RFC 3339, whole seconds: when `status` last changed. */
    readonly lastTransitionTime: string
  })[]
}

/** @returns the status to write; nothing when the object has it already. */
export function statusToWrite(
  object: StoredObject,
  conditions: readonly Condition[],
  now: number,
): ObjectStatus | undefined {
  const { generation = 0, status = null } = object.live ?? {}
  const written = writtenConditions(status)
  const isThere =
    isJsonObject(status) &&
    status['observedGeneration'] === generation &&
    conditions.every((condition) => isWritten(written.get(condition.type), condition, generation))
  if (isThere) return undefined
  return {
    observedGeneration: generation,
    conditions: conditions.map((condition) => {
      const before = written.get(condition.type)
      const since = before?.['status'] === condition.status ? before['lastTransitionTime'] : undefined
      return {
        ...condition,
        observedGeneration: generation,
        lastTransitionTime: typeof since === 'string' ? since : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
      }
    }),
  }
}

type Written = Readonly<Record<string, unknown>>

function writtenConditions(status: Json): ReadonlyMap<unknown, Written> {
  const conditions = isJsonObject(status) ? status['conditions'] : undefined
  if (!Array.isArray(conditions)) return new Map()
  return new Map(conditions.flatMap((one: unknown) => (isJsonObject(one) ? [[one['type'], one] as const] : [])))
}

function isWritten(written: Written | undefined, condition: Condition, generation: number): boolean {
  if (written === undefined || written['observedGeneration'] !== generation) return false
  const { status, reason, message } = condition
  return written['status'] === status && written['reason'] === reason && written['message'] === message
}
