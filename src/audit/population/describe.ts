/** Principals that are only described, in the words of a person. Pure. */
import type { CallerTerm, TextMatch } from '../../istio/index.ts'
import { quote } from '../../lib/spell.ts'
import { folderOf } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import { spellIstioCondition } from '../../policy/spell-istio-condition.ts'

const ANY = '*'
const OF_NAMESPACE = 'system:serviceaccounts:'
const AUTHENTICATED = 'system:authenticated'

/** `any ServiceAccount of namespace shop`, `any end user of issuer https://login.example with claim team=a in group g`. */
export function describePrincipals(entries: readonly MatcherEntry[], side: 'workload' | 'end-user'): string {
  return side === 'workload' ? describeWorkloads(entries) : describeEndUsers(entries)
}

function describeWorkloads(entries: readonly MatcherEntry[]): string {
  const words = new Set<string>()
  let isServiceAccount = false
  for (const entry of entries) {
    const { serviceAccount, namespace, trustDomain, spiffeId, group, istio } = entry
    if ((serviceAccount ?? namespace ?? group) !== undefined) isServiceAccount = true
    if (serviceAccount !== undefined && serviceAccount.namespace !== ANY)
      words.add(ofNamespace(serviceAccount.namespace))
    if (namespace !== undefined) words.add(ofNamespace(namespace))
    if (group?.startsWith(OF_NAMESPACE) === true) words.add(ofNamespace(group.slice(OF_NAMESPACE.length)))
    if (serviceAccount !== undefined && serviceAccount.name !== ANY) words.add(`named ${word(serviceAccount.name)}`)
    if (trustDomain !== undefined) words.add(`of trust domain ${word(trustDomain)}`)
    if (spiffeId !== undefined) {
      words.add('exact' in spiffeId ? `with SPIFFE ID ${spiffeId.exact}` : `below ${folderOf(spiffeId.prefix)}`)
    }
    for (const term of istio?.terms ?? []) for (const said of workloadTerm(term)) words.add(said)
  }
  return ['any', isServiceAccount ? 'ServiceAccount' : 'workload', ...inOrder(words)].join(' ')
}

function describeEndUsers(entries: readonly MatcherEntry[]): string {
  const words = new Set<string>()
  for (const { issuer, requestPrincipal, claims, group, istio } of entries) {
    if (issuer !== undefined) words.add(`of issuer ${word(issuer)}`)
    if (requestPrincipal !== undefined && requestPrincipal !== ANY) {
      words.add(`${requestPrincipal.includes(ANY) ? 'like' : 'named'} ${word(requestPrincipal)}`)
    }
    for (const [path, value] of Object.entries(claims ?? {})) words.add(`with claim ${word(path)}=${word(value)}`)
    if (groupOf(group) !== undefined && group !== undefined) words.add(`in group ${word(group)}`)
    for (const term of istio?.terms ?? []) for (const said of endUserTerm(term)) words.add(said)
  }
  return ['any end user', ...inOrder(words)].join(' ')
}

/** A group that says something: everybody is authenticated. */
function groupOf(group: string | undefined): string | undefined {
  return group === AUTHENTICATED ? undefined : group
}

/** A workload has no token: to have none of a kind says nothing. */
function workloadTerm(term: CallerTerm): string[] {
  if (term.field === 'requestPrincipal' || term.field === 'claim') return term.not ? [] : [inIstiosWords(term)]
  if (term.not || term.values.length !== 1) return [inIstiosWords(term)]
  switch (term.field) {
    case 'principal': {
      const [value] = term.values
      if (value?.is === 'presence') return []
      return value?.is === 'exact' ? [`with SPIFFE ID spiffe://${value.value}`] : [inIstiosWords(term)]
    }
    case 'namespace':
      return term.values.map(({ pieces }) => ofNamespace(pieces.join(ANY)))
    case 'serviceAccount':
      return term.values.flatMap(({ namespace, name }) => [ofNamespace(namespace), `named ${word(name)}`])
    case 'trustDomain':
      return term.values.flatMap((value) =>
        value.is === 'exact' ? `of trust domain ${word(value.value)}` : inIstiosWords(term),
      )
    default:
      return [inIstiosWords(term)]
  }
}

/** An end user has no SPIFFE ID: to have none of a kind says nothing. */
function endUserTerm(term: CallerTerm): string[] {
  if (term.field === 'claim') {
    const [value] = term.values
    if (term.not || term.values.length !== 1 || value === undefined) return [inIstiosWords(term)]
    return [`with claim ${word(term.path.join('.'))}${value.is === 'presence' ? '' : `=${word(spellText(value))}`}`]
  }
  if (term.field === 'requestPrincipal') {
    const [value] = term.values
    if (term.not || term.values.length !== 1 || value === undefined) return [inIstiosWords(term)]
    const { issuer, subject } = value
    if (issuer.is === 'presence' && subject.is === 'presence') return []
    if (issuer.is === 'exact' && subject.is === 'presence') return [`of issuer ${word(issuer.value)}`]
    const isName = issuer.is === 'exact' && subject.is === 'exact'
    return [`${isName ? 'named' : 'like'} ${word(`${spellText(issuer)}/${spellText(subject)}`)}`]
  }
  return term.not && term.field !== 'sourceIp' && term.field !== 'remoteIp' && term.field !== 'header'
    ? []
    : [inIstiosWords(term)]
}

function spellText(match: TextMatch): string {
  if (match.is === 'presence') return ANY
  if (match.is === 'prefix') return `${match.value}${ANY}`
  return match.is === 'suffix' ? `${ANY}${match.value}` : match.value
}

/** `with principals shop/*`, `but not namespaces legacy`. */
function inIstiosWords(term: CallerTerm): string {
  const spelled = spellIstioCondition({ terms: [term], whenUnknown: false })
  return term.not ? `but ${spelled}` : `with ${spelled}`
}

function ofNamespace(namespace: string): string {
  return `of namespace ${word(namespace)}`
}

const ORDER = [
  'named',
  'of namespace',
  'of issuer',
  'of trust domain',
  'like',
  'below',
  'in group',
  'with',
  'but',
] as const

function inOrder(words: ReadonlySet<string>): string[] {
  return [...words].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

function rank(text: string): number {
  return ORDER.findIndex((start) => text.startsWith(start))
}

function word(text: string): string {
  return /^[\w.:/*@-]{1,120}$/.test(text) ? text : quote(text)
}
