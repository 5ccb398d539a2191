/** The rules of an AuthorizationPolicy: their shape, and Istio's verdicts on their values. Pure. */
import type { Json, JsonObject } from '../lib/json.ts'
import { didYouMean } from '../lib/nearest.ts'
import { quote, spellPath, type Path } from '../lib/spell.ts'
import type { Condition, Operation, PolicyAction, PolicyRule, Source } from './authorization-policy.ts'
import {
  checkIps,
  checkPaths,
  checkPorts,
  checkServiceAccounts,
  checkTexts,
  checkTrustDomains,
  type Check,
} from './checks.ts'
import { checkOf, hasNameInBrackets, KNOWN_KEYS, parseConditionKey, replacementOf, takesName } from './conditions.ts'
import { readList, readObject, readText, readTexts, wrongType } from './fields.ts'
import type { MistakeList } from './mistake.ts'

/** What makes a document unreadable, and what Istio's webhook says of one that can be read. */
export interface Verdicts {
  readonly broken: MistakeList
  readonly refused: MistakeList
}

const SOURCE_CHECKS = bothWays({
  principals: checkTexts,
  requestPrincipals: checkTexts,
  namespaces: checkTexts,
  serviceAccounts: checkServiceAccounts,
  ipBlocks: checkIps,
  remoteIpBlocks: checkIps,
  trustDomains: checkTrustDomains,
})
const OPERATION_CHECKS = bothWays({ hosts: checkTexts, ports: checkPorts, methods: checkTexts, paths: checkPaths })

const SOURCE_FIELDS = [...SOURCE_CHECKS.keys()]
const OPERATION_FIELDS = [...OPERATION_CHECKS.keys()]

const MAX_ITEMS = 512

/** Where a field of a rule stands when it is in its place. */
export function placeOf(field: string): string | undefined {
  if (SOURCE_CHECKS.has(field)) return `${field} belongs in rules[].from[].source`
  if (OPERATION_CHECKS.has(field)) return `${field} belongs in rules[].to[].operation`
  return ['from', 'to', 'when'].includes(field) ? `${field} belongs in rules[]` : undefined
}

export function parseRules(list: readonly Json[], path: Path, action: PolicyAction, verdicts: Verdicts): PolicyRule[] {
  checkCount(list, path, verdicts)
  return list.map((item, index) => {
    const rule = parseRule(item, [...path, index], verdicts)
    if (action === 'CUSTOM') checkCustom(rule, [...path, index], verdicts.refused)
    if (action === 'DENY') warnOfTcp(rule, [...path, index], verdicts.refused)
    return rule
  })
}

function parseRule(item: Json, path: Path, verdicts: Verdicts): PolicyRule {
  const { broken } = verdicts
  const object = readItem(item, path, ['from', 'to', 'when'], broken)
  const from: readonly Source[] | undefined = readEntries(object, 'from', path, verdicts, (entry, place) =>
    readEntry(entry, place, 'source', SOURCE_CHECKS, SOURCE_FIELDS, verdicts),
  )
  const to: readonly Operation[] | undefined = readEntries(object, 'to', path, verdicts, (entry, place) =>
    readEntry(entry, place, 'operation', OPERATION_CHECKS, OPERATION_FIELDS, verdicts),
  )
  const when = readList(object['when'], [...path, 'when'], broken)?.map((entry, index) =>
    parseCondition(entry, [...path, 'when', index], verdicts),
  )
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(when === undefined || when.length === 0 ? {} : { when }),
  }
}

/**
 * `from` and `to`. A list that stands there and is empty means anybody and anything to Istio, which has a check against it that
 * never sees one: whoever wrote it hardly meant that.
 */
function readEntries<Entry>(
  rule: JsonObject,
  field: 'from' | 'to',
  path: Path,
  verdicts: Verdicts,
  read: (entry: Json, place: Path) => Entry,
): readonly Entry[] | undefined {
  const place = [...path, field]
  const list = readList(rule[field], place, verdicts.broken)
  if (list === undefined) return undefined
  if (list.length === 0) {
    const message = `${spellPath(place)} is an empty list, expected at least one item`
    verdicts.refused.error('empty-list', place, message, `for anything, leave ${field} out`)
    return undefined
  }
  checkCount(list, place, verdicts)
  return list.map((entry, index) => read(entry, [...place, index]))
}

/** The object inside `source:` or `operation:`, its lists by name. One that says nothing asks for nothing. */
function readEntry(
  entry: Json,
  path: Path,
  name: 'source' | 'operation',
  checks: ReadonlyMap<string, Check>,
  fields: readonly string[],
  { broken, refused }: Verdicts,
): Readonly<Record<string, readonly string[]>> {
  const place = [...path, name]
  const wrapper = readItem(entry, path, [name], broken)
  const object = readObject(wrapper[name], place, fields, broken, placeOf) ?? {}
  const lists: Record<string, readonly string[]> = {}
  for (const field of Object.keys(object)) {
    const check = checks.get(field)
    const values = check === undefined ? undefined : readTexts(object[field], [...place, field], broken)
    if (values === undefined) continue
    lists[field] = values
    check?.(values, [...place, field], refused)
  }
  if (Object.keys(lists).length === 0) {
    const message = `${spellPath(place)} is empty, expected at least one of ${fields.slice(0, 4).join(', ')} and others`
    refused.error('entry-empty', place, message, 'leave the whole list out if anything may match')
  }
  if (name === 'source') checkSource(lists, place, refused)
  return lists
}

function checkSource(lists: Source, path: Path, refused: MistakeList): void {
  const accounts = lists.serviceAccounts ?? lists.notServiceAccounts
  const others = lists.principals ?? lists.notPrincipals ?? lists.namespaces ?? lists.notNamespaces
  if (accounts === undefined || others === undefined) return
  const message = `${spellPath(path)} has serviceAccounts beside principals or namespaces`
  refused.error('fields-exclude', path, message, 'a ServiceAccount names its namespace: keep serviceAccounts alone')
}

function parseCondition(item: Json, path: Path, { broken, refused }: Verdicts): Condition {
  const object = readItem(item, path, ['key', 'values', 'notValues'], broken)
  const key = readText(object['key'], [...path, 'key'], broken) ?? ''
  const values = readTexts(object['values'], [...path, 'values'], broken)
  const notValues = readTexts(object['notValues'], [...path, 'notValues'], broken)
  checkCondition({ key, values, notValues }, path, refused)
  return {
    key,
    ...(values === undefined ? {} : { values }),
    ...(notValues === undefined ? {} : { notValues }),
  }
}

interface ReadCondition {
  readonly key: string
  readonly values: readonly string[] | undefined
  readonly notValues: readonly string[] | undefined
}

function checkCondition({ key, values, notValues }: ReadCondition, path: Path, refused: MistakeList): void {
  const place = [...path, 'key']
  if (key === '') return refused.error('missing-field', place, `${spellPath(place)} is missing, expected a key`)
  if (values === undefined && notValues === undefined) {
    const message = `${spellPath(path)} has neither values nor notValues for ${quote(key)}`
    return refused.error('missing-field', path, message, 'add values: ["*"] if it must only be there')
  }
  const check = checkOf(key)
  check(values ?? [], [...path, 'values'], refused)
  check(notValues ?? [], [...path, 'notValues'], refused)
  const parsed = parseConditionKey(key)
  if (parsed === undefined) {
    const hint = replacementOf(key) ?? didYouMean(key, KNOWN_KEYS)
    refused.error('condition-unknown', place, `unknown condition key ${quote(key)}`, hint)
  } else if (takesName(key) && !hasNameInBrackets(key)) {
    refused.error('condition-invalid', place, `the condition key ${quote(key)} has no name, expected the form a[b]`)
  } else if (parsed.is === 'unreadable') {
    const message = `the condition key ${quote(key)} passes Istio's validation, and Istio cannot compile it`
    refused.warn('condition-unreadable', place, message, 'an ALLOW rule with it is dropped, a DENY rule ignores it')
  }
}

const CUSTOM_KEYS: ReadonlySet<string> = new Set([
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'source.principal',
])
const CUSTOM_FIELDS = ['namespaces', 'serviceAccounts', 'trustDomains', 'principals', 'requestPrincipals'] as const
const NOT_CUSTOM_FIELDS = [
  'notNamespaces',
  'notServiceAccounts',
  'notTrustDomains',
  'notPrincipals',
  'notRequestPrincipals',
] as const

/** CUSTOM may not ask who the caller is: Istio's filters of that action run before they know. */
function checkCustom(rule: PolicyRule, path: Path, refused: MistakeList): void {
  for (const [index, source] of (rule.from ?? []).entries()) {
    for (const field of [...CUSTOM_FIELDS, ...NOT_CUSTOM_FIELDS]) {
      if (source[field] !== undefined) noCustom([...path, 'from', index, 'source', field], field, refused)
    }
  }
  for (const [index, { key }] of (rule.when ?? []).entries()) {
    if (CUSTOM_KEYS.has(key) || key.startsWith('request.auth.')) noCustom([...path, 'when', index, 'key'], key, refused)
  }
}

function noCustom(path: Path, name: string, refused: MistakeList): void {
  refused.error('custom-unsupported', path, `${quote(name)} is not supported with action CUSTOM`)
}

const TCP_SOURCE_FIELDS = [
  'principals',
  'notPrincipals',
  'ipBlocks',
  'notIpBlocks',
  'namespaces',
  'notNamespaces',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
] as const

/** On a port that is not known to be HTTP, such a rule has no condition left. */
function warnOfTcp({ from = [], to = [] }: PolicyRule, path: Path, refused: MistakeList): void {
  const tcpFrom = from.some((source) => TCP_SOURCE_FIELDS.some((field) => source[field] !== undefined))
  const tcpTo = to.some(({ ports, notPorts }) => ports !== undefined || notPorts !== undefined)
  const onlyHttp = to.length > 0 ? !tcpTo : from.length > 0 && !tcpFrom
  if (!onlyHttp) return
  const message = 'a DENY rule with only HTTP attributes denies all traffic to the TCP ports of its workloads'
  refused.warn('denies-tcp', path, message, 'name the HTTP ports in to.operation.ports')
}

/** An item of a list that must be an object: `null` is none. */
function readItem(item: Json, path: Path, known: readonly string[], broken: MistakeList): JsonObject {
  if (item === null) wrongType(item, path, 'an object', broken)
  return readObject(item, path, known, broken, placeOf) ?? {}
}

function checkCount(list: readonly Json[], path: Path, { refused }: Verdicts): void {
  if (list.length <= MAX_ITEMS || path.at(-1) === 'to') return
  refused.error('too-many', path, `${spellPath(path)} has ${list.length} items, expected at most ${MAX_ITEMS}`)
}

function bothWays(checks: Readonly<Record<string, Check>>): ReadonlyMap<string, Check> {
  const both = new Map<string, Check>()
  for (const [field, check] of Object.entries(checks)) {
    both.set(field, check)
    both.set(`not${field.charAt(0).toUpperCase()}${field.slice(1)}`, check)
  }
  return both
}
