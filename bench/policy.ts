/** Policy documents that grant a permission set to every workload of the bench, and some bulk of rules about others. Pure. */
import { stringify } from 'yaml'
import { ACCOUNT, NAMESPACES, type PermissionSet } from './world.ts'

const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

export interface PolicyFile {
  readonly file: string
  readonly text: string
}

/** @param others policies about workloads that never log in. */
export function policyFiles(permissions: PermissionSet, others = 0): readonly PolicyFile[] {
  const workloads = NAMESPACES.map((namespace) => ({ namespace }))
  const accountMap = document(
    'AccountMap',
    { name: 'bench' },
    {
      accounts: [{ account: ACCOUNT, inbox: 'shared', principals: workloads }],
    },
  )
  const grants = [{ publish: permissions.publish }, { subscribe: permissions.subscribe }]
  const files = [
    { file: 'accounts.yaml', text: accountMap },
    {
      file: 'workloads.yaml',
      text: document('SubjectPolicy', named('workloads', 'shop'), { principals: workloads, grants }),
    },
  ]
  const bulk = Array.from({ length: others }, (_, index) => ({
    file: `other-${index}.yaml`,
    text: document('SubjectPolicy', named(`other-${index}`, `team-${index % 50}`), {
      principals: [{ serviceAccount: `team-${index % 50}/app-${index}` }],
      grants: [{ publish: [`team.${index}.events.>`] }, { subscribe: [`team.${index}.commands.*`] }],
    }),
  }))
  return [...files, ...bulk]
}

function named(name: string, namespace: string): object {
  return { name, namespace }
}

function document(kind: string, metadata: object, spec: object): string {
  return stringify({ apiVersion: API_VERSION, kind, metadata, spec })
}
