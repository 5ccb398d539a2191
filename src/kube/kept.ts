/**
 * What of an object is kept. Most of what a live object carries is bookkeeping that no compiler reads; leaving it out keeps ten thousand
 * ServiceAccounts small, and lets a change of bookkeeping alone (a status, a release's label) go by without a compilation.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { apiVersionOf, type Resource } from './resources.ts'

/** Ours; and `istio.io/dry-run`, which decides whether a policy is in force. */
const READ_ANNOTATIONS = ['nats-identity-bridge.dev/', 'istio.io/']
/** Of these nothing else is read. */
const HEAD_ONLY: ReadonlySet<string> = new Set(['ServiceAccount'])
/** Aggregation selects by them. */
const SELECTED_BY_LABELS: ReadonlySet<string> = new Set(['ClusterRole'])
const HEAD: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status'])

/** Written anew, as items of lists of built-in kinds come without `apiVersion` and `kind`. */
export function keptPart(resource: Resource, version: string, raw: JsonObject): JsonObject {
  const written = isJsonObject(raw['metadata']) ? raw['metadata'] : {}
  const metadata = keptMetadata(written, SELECTED_BY_LABELS.has(resource.kind))
  const head = { apiVersion: apiVersionOf(resource, version), kind: resource.kind, metadata }
  if (HEAD_ONLY.has(resource.kind)) return head
  return { ...head, ...Object.fromEntries(Object.entries(raw).filter(([field]) => !HEAD.has(field))) }
}

function keptMetadata({ name, namespace, labels, annotations }: JsonObject, withLabels: boolean): JsonObject {
  const read = isJsonObject(annotations) ? Object.entries(annotations).filter(([key]) => isRead(key)) : []
  return {
    ...present('name', name),
    ...present('namespace', namespace),
    ...(withLabels ? present('labels', labels) : {}),
    ...(read.length === 0 ? {} : { annotations: Object.fromEntries(read) }),
  }
}

function isRead(annotation: string): boolean {
  return READ_ANNOTATIONS.some((prefix) => annotation.startsWith(prefix))
}

function present(name: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}
