/**
 * What the grants that name a resource (a stream, a bucket, a store, a service) have in common: subjects are put together from
 * names that were checked, and a grant that cannot be said in subjects is refused before it is translated. Pure.
 */
import type { z } from 'zod'
import type { Json } from '../../lib/json.ts'
import type { Effect, Grant } from '../../policy/model.ts'
import { parsePattern, type Pattern } from '../../subject/index.ts'
import type { Mistake } from '../mistake.ts'
import { quote, spellPath, type Path } from '../../lib/spell.ts'
import { valueAt } from '../source-object.ts'

/** A grant of the model before its subjects are parsed. */
export type Draft =
  | { readonly verb: 'publish'; readonly subjects: readonly string[] }
  | { readonly verb: 'request'; readonly subjects: readonly string[] }
  | {
      readonly verb: 'subscribe'
      readonly subjects: readonly string[]
      readonly queues?: readonly Pattern[] | undefined
    }
  | {
      readonly verb: 'respond'
      readonly subjects: readonly string[]
      readonly queues?: readonly Pattern[] | undefined
      readonly maxReplies: number
      readonly replyWithinMs: number
    }

/** From the resource on. */
export type At = (...steps: (string | number)[]) => Path

export interface Resource<Fields> {
  readonly schema: z.ZodType<Fields>
  readonly mistakes: (fields: Fields, effect: Effect, at: At) => Mistake[]
  readonly drafts: (fields: Fields, effect: Effect) => readonly Draft[]
}

/** Says nothing of what the schema refuses: that is told already. */
export function checkResource<Fields>(
  resource: Resource<Fields>,
  field: string,
  written: Json,
  path: Path,
  effect: Effect,
): Mistake[] {
  const parsed = resource.schema.safeParse(valueAt(written, [field]))
  if (!parsed.success) return []
  const at: At = (...steps) => [...path, field, ...steps]
  const mistakes = resource.mistakes(parsed.data, effect, at)
  if (mistakes.some(({ severity = 'error' }) => severity === 'error')) return mistakes
  return [...mistakes, ...unsayable(resource.drafts(parsed.data, effect), at())]
}

/** @throws for a grant that {@link checkResource} finds a mistake in. */
export function grantsOf(drafts: readonly Draft[]): Grant[] {
  return drafts.filter(({ subjects }) => subjects.length > 0).map(grantOf)
}

function grantOf(draft: Draft): Grant {
  const patterns = draft.subjects.map((subject) => {
    const parsed = parsePattern(subject)
    if (!parsed.ok) throw new Error(`a checked grant has subjects that can be said: ${parsed.error}`)
    return parsed.value
  })
  if (draft.verb === 'publish' || draft.verb === 'request') return { verb: draft.verb, patterns }
  if (draft.verb === 'subscribe') return { verb: draft.verb, patterns, ...queuesOf(draft) }
  const { verb, maxReplies, replyWithinMs } = draft
  return { verb, patterns, ...queuesOf(draft), maxReplies, replyWithinMs }
}

function queuesOf({ queues }: { readonly queues?: readonly Pattern[] | undefined }) {
  return queues === undefined ? {} : { queues }
}

function unsayable(drafts: readonly Draft[], path: Path): Mistake[] {
  for (const subject of drafts.flatMap(({ subjects }) => subjects)) {
    const parsed = parsePattern(subject)
    if (parsed.ok) continue
    const message = `${spellPath(path)} needs ${quote(subject)}, which is no subject: ${parsed.error}`
    return [{ code: 'grant-too-long', message, hint: 'use shorter names', path, atKey: true }]
  }
  return []
}

/** A resource is named and nothing is to be done with it. */
export function saysNothing(at: At, choices: string): Mistake {
  const message = `${spellPath(at())} says nothing that may be done, expected ${choices}`
  return { code: 'grant-empty', message, path: at(), atKey: true }
}

/** A field that has no meaning beside the others. */
export function misplaced(path: Path, reason: string, hint?: string): Mistake {
  const message = `${spellPath(path)} ${reason}`
  return { code: 'grant-field-misplaced', message, ...(hint === undefined ? {} : { hint }), path, atKey: true }
}
