/** The files of `deploy/kubernetes` that come from the schemas of the bridge, as they are to be. */
import { stringify } from 'yaml'
import { customResourceDefinitions } from '../../src/compile/admission/definitions.ts'
import { admissionPolicy } from '../../src/compile/admission/admission-policy.ts'

const HEAD =
  '# Made from the schemas that the bridge reads documents with. To make it anew:\n# REFRESH_GOLDEN=1 npx vitest run test/deploy/generated.test.ts\n'

/** By path below `deploy/kubernetes`. */
export function renderCrds(): ReadonlyMap<string, string> {
  return new Map([
    ...[...customResourceDefinitions()].map(([plural, crd]) => [`crds/${plural}.yaml`, render([crd])] as const),
    ['admission-policy.yaml', render(admissionPolicy())],
  ])
}

function render(objects: readonly object[]): string {
  // No anchors, which kubectl reads and people do not; as the formatter of this project would have it.
  const options = { aliasDuplicateObjects: false, lineWidth: 0, singleQuote: true } as const
  return `${HEAD}${objects.map((object) => stringify(object, options)).join('---\n')}`
}
