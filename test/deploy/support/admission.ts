/** The real API server asked whether it would take a document, with everything of `deploy/kubernetes` that judges documents. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { customResourceDefinitions } from '../../../src/compile/admission/definitions.ts'
import { isJsonObject, type JsonObject } from '../../../src/lib/json.ts'
import { waitUntil, type TestKubernetes } from '../../support/kubernetes.ts'
import type { WrittenDocument } from './documents.ts'

const FOLDER = resolve(import.meta.dirname, '../../../deploy/kubernetes')
const GROUP = '/apis/nats-identity-bridge.dev/v1alpha1'

const pluralOf = new Map(
  [...customResourceDefinitions()].map(([plural, { spec }]) => [(spec as Names).names.kind, plural] as const),
)
const clusterWide: ReadonlySet<string> = new Set(['AccountMap', 'SubjectCeiling'])

interface Names {
  readonly names: { readonly kind: string }
}

/** What the API server says; empty when it takes the document. */
export type Admits = (document: Pick<WrittenDocument, 'kind' | 'value'>, query?: string) => Promise<string>

export function crdFiles(): string {
  const crds = join(FOLDER, 'crds')
  return readdirSync(crds)
    .map((file) => readFileSync(join(crds, file), 'utf8'))
    .join('---\n')
}

/** @param kubernetes one of its own: the admission policy would refuse what other tests need. */
export async function openAdmission(kubernetes: TestKubernetes): Promise<Admits> {
  await kubernetes.applyCrds(crdFiles())
  await kubernetes.apply(readFileSync(join(FOLDER, 'admission-policy.yaml'), 'utf8'))
  const namespace = await kubernetes.namespace('admission')

  const admits: Admits = async ({ kind, value }, query = 'fieldValidation=Strict') => {
    const { metadata = {} } = value
    const isClusterWide = clusterWide.has(kind)
    // Only the namespaces of the documents are not there: whatever is wrong with one is kept.
    const own = isJsonObject(metadata) && metadata['namespace']
    const isPlain = own === undefined || (typeof own === 'string' && /^[a-z0-9-]+$/.test(own))
    const placed = isJsonObject(metadata) && isPlain && !isClusterWide ? { ...metadata, namespace } : metadata
    const where = isClusterWide ? '' : `/namespaces/${namespace}`
    const { status, body } = await kubernetes.call({
      method: 'POST',
      path: `${GROUP}${where}/${pluralOf.get(kind)}?dryRun=All&${query}`,
      body: { ...value, metadata: placed },
    })
    if (status === 201) return ''
    if (status < 400 || status >= 500) throw new Error(`${status} ${JSON.stringify(body)}`)
    return isJsonObject(body) && typeof body['message'] === 'string' ? body['message'] : `status ${status}`
  }

  const reaching: JsonObject = {
    apiVersion: 'nats-identity-bridge.dev/v1alpha1',
    kind: 'SubjectPolicy',
    metadata: { name: 'reaching' },
    spec: { principals: [{ namespace: 'shop' }], grants: [{ publish: ['>'] }] },
  }
  await waitUntil(async () => (await admits({ kind: 'SubjectPolicy', value: reaching })) !== '', {
    withinMs: 30_000,
    awaited: 'the admission policy',
  })
  return admits
}
