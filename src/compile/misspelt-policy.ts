/**
 * What was probably meant to be an AuthorizationPolicy of Istio and does not say so: one rule for all who look for them. Pure.
 * A slip of the pen must not make a policy disappear, as it may be a DENY. What is plainly somebody else's is left alone.
 */
import { isJsonObject, type Json } from '../lib/json.ts'
import { didYouMean, nearest } from '../lib/nearest.ts'
import { describeValue, listChoices, quote } from '../lib/spell.ts'
import { withHint, type Mistake } from './mistake.ts'

const KIND = 'AuthorizationPolicy'
const GROUP = 'security.istio.io'
const VERSIONS = [`${GROUP}/v1`, `${GROUP}/v1beta1`]
/** Of the same API group, and no business of authorization. */
const NEIGHBOURS: ReadonlySet<string> = new Set(['RequestAuthentication', 'PeerAuthentication'])
/** Another mesh has a kind of this name. */
const NAMESAKES: ReadonlySet<string> = new Set(['policy.linkerd.io'])
const MAX_GROUP_EDITS = 4
const MAX_KIND_EDITS = 2

/** `undefined` for a policy that says what it is, and for what is none. A warning where it may be somebody else's. */
export function misspeltPolicy(value: Json): Mistake | undefined {
  if (!isJsonObject(value)) return undefined
  const { apiVersion, kind } = value
  if (apiVersion === undefined) return withoutVersion(kind)
  if (typeof apiVersion !== 'string') return undefined
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? undefined : apiVersion.slice(0, slash)
  if (group === GROUP) return wrongKind(kind)
  const isNear = nearest(group ?? apiVersion, [GROUP], MAX_GROUP_EDITS) !== undefined
  if (typeof kind !== 'string') return isNear ? wrongKind(kind) : undefined
  if (nearest(singular(kind), [KIND], MAX_KIND_EDITS) === undefined) return undefined
  // Every kind that Kubernetes does not have itself is of a group with a dot.
  if (isNear || group === undefined || /istio/i.test(group) || !group.includes('.')) {
    const message = `unknown apiVersion of ${kind}: ${quote(apiVersion)}, expected ${listChoices(VERSIONS)}`
    return { code: 'api-version-unknown', message, hint: `did you mean "${GROUP}/v1"?`, path: ['apiVersion'] }
  }
  if (kind !== KIND || NAMESAKES.has(group)) return undefined
  const message = `${KIND} of the API group ${quote(group)} is not Istio's and was ignored`
  return { severity: 'warning', code: 'kind-foreign', message, hint: `Istio's has apiVersion: ${GROUP}/v1`, path: [] }
}

function withoutVersion(kind: Json | undefined): Mistake | undefined {
  if (typeof kind !== 'string' || nearest(singular(kind), [KIND], MAX_KIND_EDITS) === undefined) return undefined
  const message = `apiVersion of ${kind} is missing, expected ${listChoices(VERSIONS)}`
  return { code: 'missing-field', message, path: ['apiVersion'] }
}

function wrongKind(kind: Json | undefined): Mistake | undefined {
  if (typeof kind !== 'string') {
    const code = kind === undefined ? 'missing-field' : 'wrong-type'
    return { code, message: `kind is ${describeValue(kind)}, expected ${KIND}`, path: ['kind'] }
  }
  if (singular(kind) === KIND || NEIGHBOURS.has(singular(kind))) return undefined
  const message = `unknown kind ${quote(kind)} in ${GROUP}, expected ${KIND}`
  return withHint({ code: 'kind-unknown', message, path: ['kind'] }, didYouMean(kind, [KIND]))
}

function singular(kind: string): string {
  return kind.replace(/List$/, '')
}
