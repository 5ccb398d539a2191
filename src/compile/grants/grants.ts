/** All verbs of `grants:`, as one schema, one check and one translation. Pure. A new verb is one file and its name below. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../lib/json.ts'
import type { Effect, Grant } from '../../policy/model.ts'
import type { Mistake } from '../mistake.ts'
import { listChoices, spellPath, type Path } from '../../lib/spell.ts'
import { valuesAt } from '../source-object.ts'
import { jetstream } from './jetstream.ts'
import { kv } from './kv.ts'
import { objectStore } from './object-store.ts'
import { publish } from './publish.ts'
import { request } from './request.ts'
import { respond } from './respond.ts'
import { service } from './service.ts'
import { subscribe } from './subscribe.ts'

const VERBS = [publish, subscribe, request, respond, jetstream, kv, objectStore, service] as const

/** Flat, as a CustomResourceDefinition needs it; {@link checkGrant} says which fields go together. */
export const grant = z.strictObject({
  ...publish.shape,
  ...subscribe.shape,
  ...request.shape,
  ...respond.shape,
  ...jetstream.shape,
  ...kv.shape,
  ...objectStore.shape,
  ...service.shape,
})

export function translateGrant(fields: z.output<typeof grant>, effect: Effect): Grant[] {
  return VERBS.flatMap((verb) => verb.translate(fields, effect))
}

/** The patterns that a person wrote into a grant, whatever else is wrong with it. */
export function writtenPatterns(written: Json): { path: Path; value: Json }[] {
  return VERBS.flatMap((verb) => verb.written).flatMap((place) => valuesAt(written, place))
}

/** Exactly one verb, no field that belongs to another, and what the verb itself has to say. */
export function checkGrant(written: Json, path: Path, effect: Effect): Mistake[] {
  if (!isJsonObject(written)) return []
  const verbs = VERBS.filter(({ verb }) => Object.hasOwn(written, verb))
  const fields = Object.keys(written)
  const [first] = verbs
  if (first === undefined) {
    // A field that nobody knows is reported as such, and is most likely the verb.
    if (fields.some((field) => !Object.hasOwn(grant.shape, field))) return []
    const message = `${spellPath(path)} names no verb, expected ${listChoices(VERBS.map(({ verb }) => verb))}`
    return [{ code: 'grant-without-verb', message, path }]
  }
  if (verbs.length > 1) {
    const message = `${spellPath(path)} has ${verbs.map(({ verb }) => verb).join(' and ')}, expected one verb`
    return [{ code: 'grant-with-verbs', message, hint: 'write one item of the list for each verb', path }]
  }
  const misplaced = fields
    .filter((field) => Object.hasOwn(grant.shape, field) && !Object.hasOwn(first.shape, field))
    .map((field) => {
      const owners = VERBS.filter(({ shape }) => Object.hasOwn(shape, field)).map(({ verb }) => verb)
      const message = `${spellPath([...path, field])} does not go with ${first.verb}, only with ${listChoices(owners)}`
      return { code: 'grant-field-misplaced', message, path: [...path, field], atKey: true as const }
    })
  return [...misplaced, ...('check' in first ? first.check(written, path, effect) : [])]
}
