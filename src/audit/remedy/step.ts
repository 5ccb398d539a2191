/** One change of one document, in its own words, and what it makes of the rules. Pure data. */
import type { Json } from '../../lib/json.ts'
import type { Model } from '../../policy/model.ts'
import type { Origin } from '../../policy/origin.ts'

export type Step =
  | {
      readonly kind: 'add-pattern' | 'add-principal' | 'widen-ceiling' | 'give-account'
      /** The document, and the rule of it that is concerned. */
      readonly origin: Origin
      /** A list in the document: `spec.grants[0].publish`. */
      readonly field: string
      /** What is put into that list. */
      readonly add: Json
    }
  | {
      readonly kind: 'new-document'
      readonly origin: Origin
      readonly yaml: string
    }

/** A step, and the rules as they would be with it. */
export interface Edit {
  readonly step: Step
  readonly apply: (model: Model) => Model
}

export function isSameDocument(a: Origin, b: Origin): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name
}
