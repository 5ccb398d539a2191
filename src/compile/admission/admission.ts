/**
 * What the Kubernetes API is told of a value beyond its type: bounds, forms, and CEL rules with words for who applies it. Pure.
 * A tree that lies beside the JSON Schema of a kind. Compile stays the judge: admission refuses early what compile would refuse,
 * and never what compile takes, except for what is larger than the bounds here.
 */

/** A rule of `x-kubernetes-validations`: CEL that is true of a good value, `self`. */
export interface AdmissionRule {
  readonly rule: string
  /** What is wrong, and what to write instead. Stands behind the place of the value. */
  readonly message: string
  /** The field that is to blame, from the value on: `.limits`. */
  readonly fieldPath?: string
}

export interface Admission {
  /** Said by `kubectl explain`; default: that of the JSON Schema. */
  readonly description?: string
  readonly minLength?: number
  /** In characters. Without a bound the API server would reckon with strings as long as a request. */
  readonly maxLength?: number
  /** RE2. The API server shows it as it is to whoever breaks it, so rules say the common mistakes in words as well. */
  readonly pattern?: string
  readonly maxItems?: number
  /** Field of the items by which the API server tells them apart: it merges what several people apply, and refuses doubles. */
  readonly mapKey?: string
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly rules?: readonly AdmissionRule[]
  readonly properties?: Readonly<Record<string, Admission>>
  readonly items?: Admission
  /** Of a map. */
  readonly values?: Admission
}

/** Admission of a value, with more to say of it in this place. */
export function also(admission: Admission, more: Admission): Admission {
  return { ...admission, ...more, rules: [...(admission.rules ?? []), ...(more.rules ?? [])] }
}

export function list(items: Admission, maxItems: number, more: Admission = {}): Admission {
  return { ...more, maxItems, items }
}

/** @param rule CEL that is true of a good value. @param fieldPath the field to blame, when it is not the value itself. */
export function must(rule: string, message: string, fieldPath?: string): AdmissionRule {
  return { rule, message, ...(fieldPath === undefined ? {} : { fieldPath }) }
}
