/** The AuthorizationPolicy documents of some texts, with the places where they stand. Pure. Everything else in the texts is left alone. */
import { parseAuthorizationPolicy, type AuthorizationPolicy } from '../istio/index.ts'
import { isJsonObject, type Json } from '../lib/json.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { misspeltPolicy } from './misspelt-policy.ts'
import type { Mistake } from './mistake.ts'
import { placeMistake } from './place-mistake.ts'
import { isList, itemsOf, valueAt, type SourceObject } from './source-object.ts'
import { readYaml, type SourceText } from './yaml/read-yaml.ts'

export interface PlacedPolicy {
  readonly policy: AuthorizationPolicy
  readonly file?: string
  readonly line?: number
  /** Line of each rule. */
  readonly ruleLines: readonly (number | undefined)[]
}

export interface LoadedPolicies {
  /** Absent when a diagnostic is an error: a policy that cannot be read may be the DENY. */
  readonly policies?: readonly PlacedPolicy[]
  readonly diagnostics: readonly Diagnostic[]
}

const KIND = 'AuthorizationPolicy'
const GROUP = 'security.istio.io/'

/** For readers that want the policies as Istio has them, without subjects. */
export function readAuthorizationPolicies(sources: readonly SourceText[]): LoadedPolicies {
  const diagnostics: Diagnostic[] = []
  const policies: PlacedPolicy[] = []
  for (const source of sources) {
    const { objects, failures } = readYaml(source)
    diagnostics.push(...failures)
    for (const object of objects.flatMap(withItems)) policies.push(...readPolicy(object, diagnostics))
  }
  diagnostics.push(...duplicates(policies))
  if (policies.length === 0 && diagnostics.length === 0) {
    const hint = `they have apiVersion: ${GROUP}v1 and kind: ${KIND}`
    diagnostics.push({ severity: 'warning', code: 'no-documents', message: `no ${KIND} was found`, hint })
  }
  return diagnostics.some(({ severity }) => severity === 'error') ? { diagnostics } : { policies, diagnostics }
}

function withItems(object: SourceObject): readonly SourceObject[] {
  const kind = valueAt(object.value, ['kind'])
  const items = valueAt(object.value, ['items'])
  return (kind === 'List' || kind === `${KIND}List`) && isList(items) ? itemsOf(object, items) : [object]
}

function readPolicy(object: SourceObject, diagnostics: Diagnostic[]): readonly PlacedPolicy[] {
  const { value, file } = object
  const misspelt = misspeltPolicy(value)
  if (misspelt !== undefined) {
    diagnostics.push(place(object, misspelt))
    return []
  }
  if (!isOurs(value)) return []
  const { policy, mistakes } = parseAuthorizationPolicy(value)
  diagnostics.push(...[...object.mistakes, ...mistakes].map((mistake) => place(object, mistake, value)))
  if (policy === undefined) return []
  const line = object.locate(['metadata', 'name'], false)?.line
  return [
    {
      policy,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ruleLines: policy.rules.map((_, index) => object.locate(['spec', 'rules', index], false)?.line),
    },
  ]
}

function isOurs(value: Json): boolean {
  if (!isJsonObject(value) || value['kind'] !== KIND) return false
  const { apiVersion } = value
  return typeof apiVersion !== 'string' || apiVersion.startsWith(GROUP)
}

function place(object: SourceObject, mistake: Mistake, value?: Json): Diagnostic {
  const name = value === undefined ? undefined : valueAt(value, ['metadata', 'name'])
  return { ...placeMistake(object, mistake), kind: KIND, ...(typeof name === 'string' ? { name } : {}) }
}

/** Kubernetes has one object of a name; which of two is in force, nobody can tell. */
function duplicates(policies: readonly PlacedPolicy[]): Diagnostic[] {
  const first = new Map<string, PlacedPolicy>()
  return policies.flatMap((placed) => {
    const { policy, file, line } = placed
    const name = `${policy.namespace}/${policy.name}`
    const other = first.get(name)
    if (other === undefined) {
      first.set(name, placed)
      return []
    }
    const where =
      other.file === undefined ? '' : `, first in ${other.file}${other.line === undefined ? '' : `:${other.line}`}`
    const message = `${KIND} ${name} is written twice${where}`
    return [
      {
        severity: 'error' as const,
        code: 'duplicate-document',
        message,
        hint: 'keep one of them',
        ...(file === undefined ? {} : { file }),
        ...(line === undefined ? {} : { line }),
      },
    ]
  })
}
