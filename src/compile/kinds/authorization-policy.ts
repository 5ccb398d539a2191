/**
 * Istio's `AuthorizationPolicy`, read as it is; it becomes rules through the SubjectRoutes of its workloads. Pure.
 * One that matters to no route withholds nothing, and only its errors are told: Istio and its own tools judge these documents.
 */
import { parseAuthorizationPolicy } from '../../istio/index.ts'
import { nearest } from '../../lib/nearest.ts'
import { valueAt, type SourceObject } from '../source-object.ts'
import { mayHide, wordsIn } from './action.ts'
import type { PolicyKind } from './kind.ts'

const DEFAULT_NAMESPACE = 'default'
const UNKNOWN = 'condition-unknown'

export const authorizationPolicy: PolicyKind = {
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  kind: 'AuthorizationPolicy',
  scope: 'Namespaced',
  ruleList: 'rules',
  matters: ({ namespace }, { rootNamespace, ofKind }) =>
    ofKind('SubjectRoute').some((route) => namespace === rootNamespace || route.namespace === namespace),
  check: () => [],
  onlyGrants,
  whenBroken: ({ value }) => {
    const namespace = valueAt(value, ['metadata', 'namespace']) ?? DEFAULT_NAMESPACE
    return { brokenAllows: [{ namespace: typeof namespace === 'string' ? namespace || DEFAULT_NAMESPACE : undefined }] }
  },
  read: (document) => {
    const { policy, mistakes } = parseAuthorizationPolicy(document, { unknownConditions: 'keep' })
    const told = mistakes.filter(({ severity, code }) => severity === 'error' || code === UNKNOWN)
    if (policy === undefined) return { mistakes: told }
    const consequence =
      policy.action === 'ALLOW' ? 'so its rule allows nothing' : 'which counts as met, so its rule matches more'
    return {
      mistakes: told.map((mistake) =>
        mistake.code === UNKNOWN ? { ...mistake, message: `${mistake.message}, ${consequence}` } : mistake,
      ),
      rules: (originAt) => ({
        authorizationPolicies: [
          { policy, origins: policy.rules.map((_rule, index) => originAt(['spec', 'rules', index], index)) },
        ],
      }),
    }
  },
}

/** An ALLOW, and an AUDIT, which decides nothing. Everything that could be a DENY or CUSTOM is something else. */
function onlyGrants({ value, mistakes }: SourceObject): boolean {
  if (mistakes.some(({ path }) => mayHide(path, ['action']))) return false
  const action = valueAt(value, ['spec', 'action'])
  if (action === 'ALLOW' || action === 'AUDIT') return true
  if (action !== undefined && action !== null) return false
  return ![...wordsIn(value)].some(
    ({ text, isKey }) => /^(?:deny|custom)$/i.test(text) || (isKey && nearest(text, ['action']) !== undefined),
  )
}
