/** How the caller's side of an AuthorizationPolicy rule is spelled in a message, in Istio's own words. Pure. */
import type { CallerTerm, TextMatch } from '../istio/index.ts'
import { quote } from '../lib/spell.ts'
import type { IstioCondition } from './matcher.ts'

/** `principals cluster.local/ns/shop/sa/web and not namespaces legacy`; without terms `anybody`. */
export function spellIstioCondition({ terms }: IstioCondition): string {
  return terms.length === 0 ? 'anybody' : terms.map(spellTerm).join(' and ')
}

function spellTerm(term: CallerTerm): string {
  const values = valuesOf(term)
  const listed = values.length > MOST_VALUES ? [...values.slice(0, MOST_VALUES), '…'] : values
  return `${term.not ? 'not ' : ''}${fieldOf(term)} ${listed.map(word).join(', ')}`
}

const MOST_VALUES = 5

function fieldOf(term: CallerTerm): string {
  if (term.field === 'claim') return `claim ${term.path.map((step) => `[${step}]`).join('')}`
  if (term.field === 'header') return `header ${term.name}`
  return FIELDS[term.field]
}

const FIELDS = {
  principal: 'principals',
  namespace: 'namespaces',
  serviceAccount: 'serviceAccounts',
  trustDomain: 'trustDomains',
  requestPrincipal: 'requestPrincipals',
  sourceIp: 'source.ip',
  remoteIp: 'remote.ip',
} as const

function valuesOf(term: CallerTerm): readonly string[] {
  switch (term.field) {
    case 'namespace':
      return term.values.map(({ pieces }) => pieces.join('*'))
    case 'serviceAccount':
      return term.values.map(({ namespace, name }) => `${namespace}/${name}`)
    case 'trustDomain':
      return term.values.map((value) => (value.is === 'around' ? `${value.head}*${value.tail}` : spellText(value)))
    case 'requestPrincipal':
      return term.values.map(({ issuer, subject }) => `${spellText(issuer)}/${spellText(subject)}`)
    case 'sourceIp':
    case 'remoteIp':
      return term.values.map(({ text }) => text)
    default:
      return term.values.map(spellText)
  }
}

function spellText(match: TextMatch): string {
  if (match.is === 'presence') return '*'
  if (match.is === 'prefix') return `${match.value}*`
  return match.is === 'suffix' ? `*${match.value}` : match.value
}

function word(text: string): string {
  return /^[\w.:/*@-]{1,80}$/.test(text) ? text : quote(text)
}
