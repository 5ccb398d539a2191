/** What a verb of `grants:` is: its fields in the document, and the grants of the model that they mean. Pure. */
import type { z } from 'zod'
import type { Grant } from '../../policy/model.ts'

/** One file each. A grant in a document has exactly one field that is a verb; the other fields of the shape go with it. */
export interface GrantVerb<Verb extends string, Shape extends z.ZodRawShape> {
  readonly verb: Verb
  readonly shape: Shape
  /** Patterns that a person wrote, from the grant on: checked for reach. */
  readonly written: readonly (readonly string[])[]
  /** Nothing when the grant has another verb. */
  translate(fields: z.output<z.ZodObject<Shape>>): readonly Grant[]
}

export function defineVerb<const Verb extends string, Shape extends z.ZodRawShape>(
  verb: GrantVerb<Verb, Shape>,
): GrantVerb<Verb, Shape> {
  return verb
}
