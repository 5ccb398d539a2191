/** The ServiceAccount objects in files: principals that exist although no policy may name them. Pure. */
import { isList, readYaml, valueAt, type SourceText } from '../compile/index.ts'
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Json } from '../lib/json.ts'

const KIND = 'ServiceAccount'
/** Where kubectl puts an object that names no namespace. */
const DEFAULT_NAMESPACE = 'default'

export function serviceAccountsIn(sources: readonly SourceText[]): ServiceAccountRef[] {
  return sources
    .filter(({ text }) => text.includes(KIND))
    .flatMap((source) => readYaml(source).objects.flatMap(({ value }) => inObject(value)))
}

function inObject(value: Json): ServiceAccountRef[] {
  const kind = valueAt(value, ['kind'])
  const items = valueAt(value, ['items'])
  if ((kind === 'List' || kind === `${KIND}List`) && isList(items)) return items.flatMap(inObject)
  const name = valueAt(value, ['metadata', 'name'])
  const namespace = valueAt(value, ['metadata', 'namespace'])
  if (kind !== KIND || valueAt(value, ['apiVersion']) !== 'v1' || typeof name !== 'string') return []
  return [{ namespace: typeof namespace === 'string' && namespace !== '' ? namespace : DEFAULT_NAMESPACE, name }]
}
