/** Whom a policy is for: `selector`, `targetRefs` and the older `targetRef`. Pure. */
import type { Json, JsonObject } from '../lib/json.ts'
import { listChoices, quote, spellPath, type Path } from '../lib/spell.ts'
import type { PolicyTarget, TargetRef } from './authorization-policy.ts'
import { readList, readMap, readObject, readText, wrongType } from './fields.ts'
import type { MistakeList } from './mistake.ts'
import type { Verdicts } from './parse-rule.ts'

const CORE = 'core'
const TARGETS: readonly Omit<TargetRef, 'name'>[] = [
  { group: CORE, kind: 'Service' },
  { group: 'networking.istio.io', kind: 'ServiceEntry' },
  { group: 'gateway.networking.k8s.io', kind: 'Gateway' },
  { group: 'gateway.networking.k8s.io', kind: 'GatewayClass' },
]
const MAX_REFS = 16
const MAX_LABEL_VALUE = 63
const SPEC: Path = ['spec']

export function parseTarget(spec: JsonObject, verdicts: Verdicts): PolicyTarget {
  const { broken, refused } = verdicts
  const selector = readObject(spec['selector'], [...SPEC, 'selector'], ['matchLabels'], broken)
  const refs = parseRefs(spec, verdicts)
  if (selector !== undefined && refs.length > 0) {
    const message = 'spec has both selector and targetRefs, expected one of them'
    refused.error('fields-exclude', [...SPEC, 'selector'], message, 'targetRefs are for waypoints and gateways')
  }
  if (refs.length > 0) return { is: 'targetRefs', refs }
  return selector === undefined ? { is: 'namespace' } : { is: 'selector', labels: parseLabels(selector, verdicts) }
}

function parseLabels(selector: JsonObject, { broken, refused }: Verdicts): Readonly<Record<string, string>> {
  const path = [...SPEC, 'selector', 'matchLabels']
  const written = readMap(selector['matchLabels'], path, broken) ?? {}
  const labels = new Map<string, string>()
  for (const [key, value] of Object.entries(written)) {
    const place = [...path, key]
    const text = readText(value, place, broken)
    if (text === undefined && value === null) wrongType(value, place, 'text', broken)
    labels.set(key, text ?? '')
    checkLabel(key, text ?? '', place, refused)
  }
  if (labels.size === 0) {
    refused.warn('selector-empty', path, 'the selector has no labels and selects every workload', 'leave it out')
  }
  return Object.fromEntries(labels)
}

function checkLabel(key: string, value: string, place: Path, refused: MistakeList): void {
  if (key === '') refused.error('label-invalid', place, 'a label of spec.selector.matchLabels has an empty key')
  if (key.includes('*') || value.includes('*')) {
    const message = `the label ${quote(`${key}: ${value}`)} has a wildcard, and selectors have none`
    refused.error('label-invalid', place, message, 'leave the selector out to select every workload')
  }
  if (value.length > MAX_LABEL_VALUE) {
    const message = `${spellPath(place)} has ${value.length} characters, expected at most ${MAX_LABEL_VALUE}`
    refused.error('label-invalid', place, message)
  }
}

function parseRefs(spec: JsonObject, verdicts: Verdicts): readonly TargetRef[] {
  const { broken, refused } = verdicts
  const list = readList(spec['targetRefs'], [...SPEC, 'targetRefs'], broken) ?? []
  if (list.length > MAX_REFS) {
    const message = `spec.targetRefs has ${list.length} items, expected at most ${MAX_REFS}`
    refused.error('too-many', [...SPEC, 'targetRefs'], message)
  }
  const refs = list.map((item, index) => parseRef(item, [...SPEC, 'targetRefs', index], verdicts))
  const old = spec['targetRef']
  if (old === undefined || old === null) return refs
  const single = parseRef(old, [...SPEC, 'targetRef'], verdicts)
  const excluding = refs.length > 0 ? 'targetRefs' : undefined
  if (excluding !== undefined) {
    refused.error(
      'fields-exclude',
      [...SPEC, 'targetRef'],
      'spec has both targetRef and targetRefs, expected one of them',
    )
  }
  return refs.length > 0 ? refs : [single]
}

function parseRef(item: Json, path: Path, { broken, refused }: Verdicts): TargetRef {
  if (item === null) wrongType(item, path, 'an object', broken)
  const object = readObject(item, path, ['group', 'kind', 'name', 'namespace'], broken) ?? {}
  const group = readText(object['group'], [...path, 'group'], broken) ?? ''
  const kind = readText(object['kind'], [...path, 'kind'], broken) ?? ''
  const name = readText(object['name'], [...path, 'name'], broken) ?? ''
  const namespace = readText(object['namespace'], [...path, 'namespace'], broken) ?? ''
  if (name === '') refused.error('missing-field', [...path, 'name'], `${spellPath([...path, 'name'])} is missing`)
  if (namespace !== '') {
    const message = `${spellPath([...path, 'namespace'])} is ${quote(namespace)}, and a target lies in the policy's namespace`
    refused.error('namespace-not-allowed', [...path, 'namespace'], message, 'remove it')
  }
  if (!TARGETS.some((target) => target.kind === kind && target.group === canonicalGroup(group))) {
    const known = TARGETS.map((target) => (target.group === CORE ? target.kind : `${target.group}/${target.kind}`))
    const read = group === '' ? kind : `${group}/${kind}`
    refused.error('target-unknown', path, `${spellPath(path)} is a ${quote(read)}, expected ${listChoices(known)}`)
  }
  return { group, kind, name }
}

export function canonicalGroup(group: string): string {
  return group === '' ? CORE : group
}
