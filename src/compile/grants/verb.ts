/** What a verb of `grants:` is: its fields in the document, and the grants of the model that they mean. Pure. */
import type { z } from 'zod'
import type { Json } from '../../lib/json.ts'
import type { Effect, Grant } from '../../policy/model.ts'
import type { Mistake } from '../mistake.ts'
import type { Path } from '../../lib/spell.ts'

/** One file each. A grant in a document has exactly one field that is a verb; the other fields of the shape go with it. */
export interface GrantVerb<Verb extends string, Shape extends z.ZodRawShape> {
  readonly verb: Verb
  readonly shape: Shape
  /** Patterns that a person wrote, from the grant on: checked for reach. */
  readonly written: readonly (readonly string[])[]
  /** What types cannot say. Gets the grant as it was written, whether or not it fits the shape; `path` is where it stands. */
  readonly check?: (written: Json, path: Path, effect: Effect) => Mistake[]
  /** Nothing when the grant has another verb. In a DENY it may mean more than in an ALLOW, never less. */
  translate(fields: z.output<z.ZodObject<Shape>>, effect: Effect): readonly Grant[]
}

export function defineVerb<const Verb extends string, Shape extends z.ZodRawShape>(
  verb: GrantVerb<Verb, Shape>,
): GrantVerb<Verb, Shape> {
  return verb
}
