/** How a matcher of principals is spelled in a message. Pure. */
import { quote } from '../lib/spell.ts'
import { spellIstioCondition } from './spell-istio-condition.ts'
import type { MatcherEntry } from './matcher.ts'

/** `serviceAccount shop/orders, claim role=admin`. */
export function spellMatcherEntry(entry: MatcherEntry): string {
  const { serviceAccount, spiffeId, claims, authenticated, istio, ...texts } = entry
  const parts: string[] = []
  if (serviceAccount !== undefined) parts.push(`serviceAccount ${serviceAccount.namespace}/${serviceAccount.name}`)
  if (spiffeId !== undefined) parts.push(`spiffeId ${'exact' in spiffeId ? spiffeId.exact : `${spiffeId.prefix}*`}`)
  for (const [field, text] of Object.entries(texts)) parts.push(`${field} ${word(text)}`)
  for (const [path, value] of Object.entries(claims ?? {})) parts.push(`claim ${word(path)}=${word(value)}`)
  if (authenticated !== undefined) parts.push('authenticated')
  if (istio !== undefined) parts.push(spellIstioCondition(istio))
  return parts.join(', ')
}

function word(text: string): string {
  return /^[\w.:/*@-]{1,80}$/.test(text) ? text : quote(text)
}
