/**
 * One AuthorizationPolicy document, read and judged as Istio's own validation (release-1.31) judges it. Pure.
 * Stricter in one thing: an unknown field is an error, where the API server drops it unless asked to be strict.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { didYouMean } from '../lib/nearest.ts'
import { describeValue, listChoices, quote, type Path } from '../lib/spell.ts'
import type { AuthorizationPolicy, PolicyAction } from './authorization-policy.ts'
import { readList, readMap, readObject, readText, wrongType } from './fields.ts'
import { createMistakeList, hasError, type PolicyMistake } from './mistake.ts'
import { parseRules, placeOf, type Verdicts } from './parse-rule.ts'
import { parseTarget } from './parse-target.ts'

export interface ParsedPolicy {
  /** Absent exactly when one of the mistakes is an error. */
  readonly policy?: AuthorizationPolicy
  readonly mistakes: readonly PolicyMistake[]
}

/** What can be read of a document, whether Istio's webhook would let it in or not. */
export interface ReadPolicy {
  /** Absent exactly when `broken` holds an error. */
  readonly policy?: AuthorizationPolicy
  /** Not decodable: of the wrong type, unknown, missing. */
  readonly broken: readonly PolicyMistake[]
  /** What Istio's validation says: errors and warnings. */
  readonly refused: readonly PolicyMistake[]
}

export interface ParseOptions {
  /**
   * `keep`: an unknown `when` key is a warning and stays in the policy, for `compilePolicies` to treat as unknown.
   * Default `refuse`, as Istio does.
   */
  readonly unknownConditions?: 'refuse' | 'keep'
}

const ACTIONS = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const
const VERSIONS = ['security.istio.io/v1', 'security.istio.io/v1beta1']
const KIND = 'AuthorizationPolicy'
const DRY_RUN = 'istio.io/dry-run'
/** Where kubectl puts an object that names no namespace, unless its context names one. */
const DEFAULT_NAMESPACE = 'default'
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False']

export function parseAuthorizationPolicy(document: Json, options: ParseOptions = {}): ParsedPolicy {
  const { policy, broken, refused } = readAuthorizationPolicy(document)
  const keep = options.unknownConditions === 'keep'
  const mistakes = [...broken, ...withoutShadows(refused, broken)].map((mistake): PolicyMistake => {
    return keep && mistake.code === 'condition-unknown' ? { ...mistake, severity: 'warning' } : mistake
  })
  return policy === undefined || hasError(mistakes) ? { mistakes } : { policy, mistakes }
}

/** For those who ask what would be enforced if a policy got past the webhook. */
export function readAuthorizationPolicy(document: Json): ReadPolicy {
  const verdicts: Verdicts = { broken: createMistakeList(), refused: createMistakeList() }
  const policy = readDocument(document, verdicts)
  const broken = verdicts.broken.all
  const refused = verdicts.refused.all
  return hasError(broken) ? { broken, refused } : { policy, broken, refused }
}

/** What lacks something because that could not be read is not told twice. */
function withoutShadows(refused: readonly PolicyMistake[], broken: readonly PolicyMistake[]): readonly PolicyMistake[] {
  return refused.filter(({ path }) => !broken.some((mistake) => isAround(path, mistake.path)))
}

function isAround(outer: Path, inner: Path): boolean {
  return outer.every((step, index) => inner[index] === step)
}

function readDocument(document: Json, verdicts: Verdicts): AuthorizationPolicy {
  const { broken } = verdicts
  if (!isJsonObject(document)) wrongType(document, [], 'an object', broken)
  const object =
    readObject(
      isJsonObject(document) ? document : {},
      [],
      ['apiVersion', 'kind', 'metadata', 'spec', 'status'],
      broken,
    ) ?? {}
  checkEnvelope(object, verdicts)
  const metadata = readMap(object['metadata'], ['metadata'], broken) ?? {}
  const name = readText(metadata['name'], ['metadata', 'name'], broken) ?? ''
  if (name === '') broken.error('missing-field', ['metadata', 'name'], 'metadata.name is missing, expected text')
  const written = readText(metadata['namespace'], ['metadata', 'namespace'], broken) ?? ''
  const spec =
    readObject(
      object['spec'],
      ['spec'],
      ['selector', 'targetRef', 'targetRefs', 'rules', 'action', 'provider'],
      broken,
      placeOf,
    ) ?? {}
  const action = readAction(spec, verdicts)
  const list = readList(spec['rules'], ['spec', 'rules'], broken) ?? []
  const rules = parseRules(list, ['spec', 'rules'], action, verdicts)
  checkAction(spec, action, rules.length, verdicts)
  return {
    namespace: written === '' ? DEFAULT_NAMESPACE : written,
    name,
    action,
    dryRun: readDryRun(metadata, action, verdicts),
    target: parseTarget(spec, verdicts),
    rules,
  }
}

/** Both may be missing: whoever hands the document over may have told by them already. */
function checkEnvelope({ apiVersion, kind }: JsonObject, { broken }: Verdicts): void {
  if (apiVersion !== undefined && (typeof apiVersion !== 'string' || !VERSIONS.includes(apiVersion))) {
    const message = `apiVersion is ${describeValue(apiVersion)}, expected ${listChoices(VERSIONS)}`
    broken.error('api-version-unknown', ['apiVersion'], message)
  }
  if (kind !== undefined && kind !== KIND) {
    broken.error('kind-unknown', ['kind'], `kind is ${describeValue(kind)}, expected ${KIND}`)
  }
}

function readAction(spec: JsonObject, { broken }: Verdicts): PolicyAction {
  const written = spec['action'] ?? undefined
  if (written === undefined) return 'ALLOW'
  const action = ACTIONS.find((known) => known === written)
  if (action !== undefined) return action
  const hint = typeof written === 'string' ? didYouMean(written, ACTIONS, 2) : undefined
  const message = `spec.action is ${describeValue(written)}, expected ${listChoices(ACTIONS)}`
  broken.error('invalid-value', ['spec', 'action'], message, hint)
  return 'ALLOW'
}

function checkAction(spec: JsonObject, action: PolicyAction, rules: number, { broken, refused }: Verdicts): void {
  const path = ['spec', 'provider']
  const provider = readObject(spec['provider'], path, ['name'], broken)
  const name = readText(provider?.['name'], [...path, 'name'], broken) ?? ''
  if (rules === 0 && (action === 'DENY' || action === 'CUSTOM')) {
    const message = `a policy with action ${action} and without rules never matches`
    refused.error('rules-missing', ['spec'], message, 'for every request, write an empty rule: rules: [{}]')
  }
  if (action === 'CUSTOM' && rules > 0 && name === '') {
    const message = 'spec.provider.name is missing, expected the extension provider of action CUSTOM'
    refused.error('missing-field', path, message)
  }
  if (action !== 'CUSTOM' && provider !== undefined) {
    refused.error('provider-not-allowed', path, `spec.provider goes with action CUSTOM, not with ${action}`)
  }
}

function readDryRun(metadata: JsonObject, action: PolicyAction, { broken, refused }: Verdicts): boolean {
  const annotations = readMap(metadata['annotations'], ['metadata', 'annotations'], broken)
  const path = ['metadata', 'annotations', DRY_RUN]
  if (annotations === undefined || !Object.hasOwn(annotations, DRY_RUN)) return false
  const text = readText(annotations[DRY_RUN], path, broken) ?? ''
  if (action !== 'ALLOW' && action !== 'DENY') {
    refused.error('dry-run-invalid', path, `${DRY_RUN} goes with actions ALLOW and DENY, not with ${action}`)
  } else if (![...TRUE, ...FALSE].includes(text)) {
    const message = `${DRY_RUN} is ${quote(text)}, expected "true" or "false"`
    refused.error('dry-run-invalid', path, message, 'a policy with another value is enforced')
  }
  return TRUE.includes(text)
}
