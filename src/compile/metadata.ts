/** `metadata:` of a document: what Kubernetes allows in it, and the waivers that stand in its annotations. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../lib/json.ts'
import { withHint, type Mistake } from './mistake.ts'
import { listChoices, quote, type Path } from '../lib/spell.ts'
import { didYouMean } from '../lib/nearest.ts'
import { REACHES, WAIVE_ANNOTATION } from './reach.ts'
import { valueAt } from './source-object.ts'
import { objectName, objectNamespace } from './values/names.ts'
import { LINT_CODES } from './waivable.ts'

const OUR_PREFIX = 'nats-identity-bridge.dev/'
export const ANNOTATIONS: Path = ['metadata', 'annotations']
const WAIVABLE: ReadonlySet<string> = new Set([...REACHES, ...LINT_CODES])

/** What the API server writes into live objects; of no meaning here. */
const served = z.unknown().optional()

/** `null` where Kubernetes tools write it for "nothing". */
const texts = z.record(z.string(), z.string()).nullish()

export const metadata = z.strictObject({
  name: objectName,
  namespace: objectNamespace.nullish(),
  labels: texts,
  annotations: texts,
  generateName: served,
  uid: served,
  resourceVersion: served,
  generation: served,
  creationTimestamp: served,
  deletionTimestamp: served,
  deletionGracePeriodSeconds: served,
  selfLink: served,
  ownerReferences: served,
  finalizers: served,
  managedFields: served,
})

/** Of names that are alike for the length of the prefix. */
const MAX_ANNOTATION_EDITS = 3

export interface Waivers {
  readonly waived: ReadonlySet<string>
  readonly mistakes: readonly Mistake[]
}

/** Whether an annotation of ours stands in it, of whatever name. */
export function hasOurAnnotation(document: Json): boolean {
  const annotations = valueAt(document, ANNOTATIONS)
  return isJsonObject(annotations) && Object.keys(annotations).some((key) => key.startsWith(OUR_PREFIX))
}

/**
 * Reads the waivers of a document, whatever else is wrong with it.
 * @param others annotations of ours that this kind of document has besides
 */
export function readWaivers(document: Json, others: readonly string[] = []): Waivers {
  const annotations = valueAt(document, ANNOTATIONS)
  if (!isJsonObject(annotations)) return { waived: new Set(), mistakes: [] }
  const mistakes: Mistake[] = []
  const known = [...others, WAIVE_ANNOTATION]
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith(OUR_PREFIX) || known.includes(key)) continue
    const message = `unknown annotation ${quote(key)}, expected ${listChoices(known)}`
    const hint = others.length === 0 ? undefined : didYouMean(key, known, MAX_ANNOTATION_EDITS)
    const path = [...ANNOTATIONS, key]
    mistakes.push(withHint({ code: 'annotation-unknown', message, path, atKey: true }, hint))
  }
  const written = valueAt(annotations, [WAIVE_ANNOTATION])
  const names = typeof written === 'string' ? written.split(',').map((name) => name.trim()) : []
  for (const name of names) {
    if (WAIVABLE.has(name)) continue
    const message = `unknown waiver ${quote(name)}, expected ${listChoices([...REACHES, 'a code of nib lint'])}`
    const mistake = { code: 'waiver-unknown', message, path: [...ANNOTATIONS, WAIVE_ANNOTATION] }
    mistakes.push(withHint(mistake, didYouMean(name, WAIVABLE)))
  }
  return { waived: new Set(names), mistakes }
}

/** A waiver left behind would silently allow the next reach. */
export function unusedWaivers(waivers: Waivers, used: ReadonlySet<string>): Mistake[] {
  return (
    [...waivers.waived]
      // What lint finds, lint waives.
      .filter((name) => REACHES.some((reach) => reach === name) && !used.has(name))
      .map((name) => ({
        severity: 'warning',
        code: 'waiver-unused',
        message: `the waiver ${quote(name)} waives nothing in this document`,
        hint: 'remove it from the annotation',
        path: [...ANNOTATIONS, WAIVE_ANNOTATION],
      }))
  )
}
