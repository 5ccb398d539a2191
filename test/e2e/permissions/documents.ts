/** A generated policy as its author would write it: documents that speak of one ServiceAccount. JSON is YAML. */
import { API_VERSION } from '../../../src/compile/kinds/kind.ts'
import { REACHES, WAIVE_ANNOTATION } from '../../../src/compile/reach.ts'
import type { Grant, Model } from '../../../src/policy/model.ts'
import type { Pattern } from '../../../src/subject/index.ts'

/** @returns text of one file. */
export function writeDocuments(model: Model, namespace: string, name: string): string {
  const principals = [{ serviceAccount: `${namespace}/${name}` }]
  // Generated patterns begin with a wildcard as often as not.
  const annotations = { [WAIVE_ANNOTATION]: REACHES.join(',') }
  const documents = [
    {
      kind: 'AccountMap',
      metadata: { name },
      spec: { accounts: model.accounts.map(({ account, inbox }) => ({ account, inbox, principals })) },
    },
    ...model.grants.map(({ effect, grant }, index) => ({
      kind: 'SubjectPolicy',
      metadata: { name: `${name}-${index}`, namespace, annotations },
      spec: { principals, action: effect === 'allow' ? 'ALLOW' : 'DENY', grants: [writeGrant(grant)] },
    })),
    ...model.ceilings.map(({ publish, subscribe }, index) => ({
      kind: 'SubjectCeiling',
      metadata: { name: `${name}-${index}`, annotations },
      spec: { principals, publish: textsOf(publish), subscribe: textsOf(subscribe) },
    })),
  ]
  return documents.map((document) => `---\n${JSON.stringify({ apiVersion: API_VERSION, ...document })}\n`).join('')
}

/** How long replies may take is asked about elsewhere: documents cannot say "for ever". */
function writeGrant(grant: Grant): object {
  const queues = 'queues' in grant && grant.queues !== undefined ? { queue: textsOf(grant.queues) } : {}
  const replies = grant.verb === 'respond' ? { maxReplies: grant.maxReplies } : {}
  return { [grant.verb]: textsOf(grant.patterns), ...queues, ...replies }
}

function textsOf(patterns: readonly Pattern[]): string[] {
  return patterns.map(({ text }) => text)
}
