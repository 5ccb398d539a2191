/** `metadata:` of a document: what Kubernetes allows in it, and the waivers that stand in its annotations. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../lib/json.ts'
import { listChoices, quote, withHint, type Mistake, type Path } from './mistake.ts'
import { didYouMean } from './nearest.ts'
import { REACHES, WAIVE_ANNOTATION } from './reach.ts'
import { valueAt } from './source-object.ts'
import { objectName, objectNamespace } from './values/names.ts'

const OUR_PREFIX = 'nats-identity-bridge.dev/'
const ANNOTATIONS: Path = ['metadata', 'annotations']

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

export interface Waivers {
  readonly waived: ReadonlySet<string>
  readonly mistakes: readonly Mistake[]
}

/** Reads the waivers of a document, whatever else is wrong with it. */
export function readWaivers(document: Json): Waivers {
  const annotations = valueAt(document, ANNOTATIONS)
  if (!isJsonObject(annotations)) return { waived: new Set(), mistakes: [] }
  const mistakes: Mistake[] = []
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith(OUR_PREFIX) || key === WAIVE_ANNOTATION) continue
    const message = `unknown annotation ${quote(key)}, expected ${WAIVE_ANNOTATION}`
    mistakes.push({ code: 'annotation-unknown', message, path: [...ANNOTATIONS, key], atKey: true })
  }
  const written = valueAt(annotations, [WAIVE_ANNOTATION])
  const names = typeof written === 'string' ? written.split(',').map((name) => name.trim()) : []
  for (const name of names) {
    if (REACHES.some((reach) => reach === name)) continue
    const message = `unknown waiver ${quote(name)}, expected ${listChoices(REACHES)}`
    const mistake = { code: 'waiver-unknown', message, path: [...ANNOTATIONS, WAIVE_ANNOTATION] }
    mistakes.push(withHint(mistake, didYouMean(name, REACHES)))
  }
  return { waived: new Set(names), mistakes }
}

/** A waiver left behind would silently allow the next reach. */
export function unusedWaivers(waivers: Waivers, used: ReadonlySet<string>): Mistake[] {
  return [...waivers.waived]
    .filter((name) => !used.has(name))
    .map((name) => ({
      severity: 'warning',
      code: 'waiver-unused',
      message: `the waiver ${quote(name)} waives nothing in this document`,
      hint: 'remove it from the annotation',
      path: [...ANNOTATIONS, WAIVE_ANNOTATION],
    }))
}
