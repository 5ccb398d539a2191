/**
 * The CustomResourceDefinitions of our kinds, made from the schemas that documents are read with. Pure.
 * `deploy/kubernetes/crds` holds them as they come from here.
 */
import { isJsonObject } from '../../lib/json.ts'
import { API_GROUP, API_VERSION } from '../kinds/kind.ts'
import { kindOf, policyJsonSchemas } from '../kinds/kinds.ts'
import type { Admission } from './admission.ts'
import { accountMap, subjectCeiling, subjectPolicy } from './kinds.ts'
import { subjectRoute } from './route.ts'
import { statusSchema } from './status.ts'
import { structuralSchema, type StructuralSchema } from './structural.ts'

interface Column {
  readonly name: string
  readonly type: 'string' | 'date'
  readonly jsonPath: string
  readonly description: string
  /** Shown by `-o wide` alone. */
  readonly priority?: 1
}

interface KindOfCluster {
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly spec: Admission
  readonly columns: readonly Column[]
  /** For `kubectl get --field-selector`; API servers before 1.31 pass it over. */
  readonly selectable?: readonly string[]
}

const KINDS: Readonly<Record<string, KindOfCluster>> = {
  AccountMap: {
    plural: 'accountmaps',
    shortName: 'accmap',
    description: 'AccountMap says who lives in which NATS account.',
    spec: accountMap,
    columns: [],
  },
  SubjectCeiling: {
    plural: 'subjectceilings',
    shortName: 'subjceil',
    description: 'SubjectCeiling is the most that matching principals can hold, whoever grants it.',
    spec: subjectCeiling,
    columns: [],
  },
  SubjectPolicy: {
    plural: 'subjectpolicies',
    shortName: 'subjpol',
    description: 'SubjectPolicy says who may, or may not, use which NATS subjects.',
    spec: subjectPolicy,
    columns: [{ name: 'Action', type: 'string', jsonPath: '.spec.action', description: 'empty is ALLOW' }],
    selectable: ['.spec.action'],
  },
  SubjectRoute: {
    plural: 'subjectroutes',
    shortName: 'subjroute',
    description:
      'SubjectRoute says which NATS subjects stand for the HTTP operations of a workload: Istio’s AuthorizationPolicies decide both.',
    spec: subjectRoute,
    columns: [
      {
        name: 'Workload',
        type: 'string',
        jsonPath: '.spec.workload.serviceAccount',
        description: 'its ServiceAccount',
      },
      { name: 'Host', type: 'string', jsonPath: '.spec.host', description: 'host that policies see', priority: 1 },
    ],
    selectable: ['.spec.workload.serviceAccount', '.spec.attachment', '.spec.host'],
  },
}

const VERSION = API_VERSION.slice(API_GROUP.length + 1)
/** Of the conditions that `src/kube/condition.ts` writes. */
function ofCondition(type: 'Compiled' | 'Enforced', field: 'status' | 'reason' | 'message'): string {
  return `.status.conditions[?(@.type=="${type}")].${field}`
}

const COLUMNS_OF_ALL: readonly Column[] = [
  {
    name: 'Compiled',
    type: 'string',
    jsonPath: ofCondition('Compiled', 'status'),
    description: 'whether the bridge takes it as it is',
  },
  {
    name: 'Enforced',
    type: 'string',
    jsonPath: ofCondition('Enforced', 'status'),
    description: 'whether the policy in force holds it',
  },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: ofCondition('Compiled', 'reason'),
    description: 'why it compiles or not',
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'since when it is there' },
  {
    name: 'Message',
    type: 'string',
    jsonPath: ofCondition('Compiled', 'message'),
    description: 'what is wrong, and what to do',
    priority: 1,
  },
]

export const LABELS = { 'app.kubernetes.io/name': 'nats-identity-bridge', 'app.kubernetes.io/component': 'policy' }

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1'
  readonly kind: 'CustomResourceDefinition'
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced' | 'Cluster'
    readonly names: { readonly kind: string; readonly plural: string; readonly [other: string]: unknown }
    readonly versions: readonly [
      { readonly schema: { readonly openAPIV3Schema: StructuralSchema }; readonly [other: string]: unknown },
    ]
  }
}

/** By plural name, of every kind that has a JSON Schema. @throws for a kind that is not described here. */
export function customResourceDefinitions(): ReadonlyMap<string, CustomResourceDefinition> {
  return new Map(
    [...policyJsonSchemas()].map(([kind, schema]) => {
      const known = KINDS[kind]
      if (known === undefined) throw new Error(`no CustomResourceDefinition is described for ${kind}`)
      return [known.plural, definitionOf(kind, known, schema)]
    }),
  )
}

function definitionOf(kind: string, known: KindOfCluster, schema: object): CustomResourceDefinition {
  const { plural, shortName, columns, selectable } = known
  const scope = kindOf(API_GROUP, kind)?.scope
  if (scope === undefined) throw new Error(`nobody reads ${kind}`)
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${API_GROUP}`,
      labels: LABELS,
    },
    spec: {
      group: API_GROUP,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['nats'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: documentSchema(kind, known, schema) },
          subresources: { status: {} },
          additionalPrinterColumns: [...columns, ...COLUMNS_OF_ALL],
          ...(selectable === undefined ? {} : { selectableFields: selectable.map((jsonPath) => ({ jsonPath })) }),
        },
      ],
    },
  }
}

function documentSchema(kind: string, { description, spec }: KindOfCluster, schema: object): StructuralSchema {
  const fields = isJsonObject(schema) ? schema['properties'] : undefined
  if (!isJsonObject(fields)) throw new Error(`${kind} has no fields`)
  return {
    description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: structuralSchema(fields['spec'], spec, `${kind} spec`),
      status: statusSchema,
    },
  }
}
