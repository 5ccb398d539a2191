/** Applies CustomResourceDefinitions, and waits until their objects can be listed: that is later than when they are established. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import type { KubernetesAccess } from './access.ts'
import { callKubernetes } from './call.ts'

const CRD = z.looseObject({
  kind: z.literal('CustomResourceDefinition'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ plural: z.string() }),
    versions: z.array(z.looseObject({ name: z.string(), served: z.boolean() })),
  }),
})
type Crd = z.infer<typeof CRD>

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WITHIN_MS = 20_000
const POLL_MS = 20

/**
 * @param yaml other documents in it are passed over.
 * @param only names such as `authorizationpolicies.security.istio.io`; default: all.
 * @throws when the API refuses one, or a name is not there.
 */
export async function applyCrds(access: KubernetesAccess, yaml: string, only?: readonly string[]): Promise<void> {
  const all = parseAllDocuments(yaml).flatMap((document): Crd[] => {
    const crd = CRD.safeParse(document.toJS())
    return crd.success ? [crd.data] : []
  })
  const wanted = only ?? all.map(({ metadata }) => metadata.name)
  await Promise.all(
    wanted.map(async (name) => {
      const crd = all.find(({ metadata }) => metadata.name === name)
      if (crd === undefined) throw new Error(`there is no CustomResourceDefinition ${name}`)
      await applyOne(access, crd)
    }),
  )
}

async function applyOne(access: KubernetesAccess, crd: Crd): Promise<void> {
  const { name } = crd.metadata
  const { status, body } = await callKubernetes(access, {
    method: 'PATCH',
    path: `${CRDS}/${name}?fieldManager=nib-dev&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: crd,
  })
  if (status !== 200 && status !== 201) throw new Error(`${name} was refused: ${status} ${JSON.stringify(body)}`)
  const deadline = performance.now() + WITHIN_MS
  for (const version of crd.spec.versions.filter(({ served }) => served)) {
    const path = `/apis/${crd.spec.group}/${version.name}/${crd.spec.names.plural}?limit=1`
    while ((await callKubernetes(access, { method: 'GET', path })).status !== 200) {
      if (performance.now() > deadline) throw new Error(`${path} does not answer within ${WITHIN_MS} ms`)
      await sleep(POLL_MS)
    }
  }
}
