/** Paths without their base, hosts without their port: what stands beside the value a policy names, and is not matched. Pure. */
import { quote } from '../../lib/spell.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { baseField, type EntryView, type PolicyView, type ValueView } from './policy-view.ts'

function suspectLists(
  policies: readonly PolicyView[],
  field: string,
  tell: (values: readonly ValueView[], beside: readonly string[]) => { at: ValueView; message: string } | undefined,
): Suspicion[] {
  return policies.flatMap((policy) => {
    const lists = policy.rules
      .flatMap(({ to = [] }): readonly EntryView[] => to)
      .flatMap(({ fields }) => [...fields].map(([name, values]) => ({ ...baseField(name), values })))
      .filter((list) => list.field === field)
    const all = lists.flatMap(({ values }) => textsOf(values))
    return lists.flatMap(({ negated, values }): Suspicion[] => {
      const closes = (policy.action === 'DENY') !== negated
      // An author who opens the other one elsewhere in the policy knows both.
      const found = tell(values, closes ? textsOf(values) : all)
      if (found === undefined) return []
      const at = { document: policy.document, path: found.at.path }
      // What a DENY was to close stays open; what an ALLOW was to open stays closed.
      return [{ at, message: found.message, severity: closes ? 'warning' : 'info' }]
    })
  })
}

function textsOf(values: readonly ValueView[]): string[] {
  return values.map(({ text }) => text)
}

export const istioPrefixWithoutBase: Rule = {
  code: 'istio-prefix-without-base',
  severity: 'info',
  title: '"/x/*" without "/x"',
  why: 'The prefix `/x/*` matches `/x/` and what lies below it, and not `/x` itself. Many applications answer both alike; a DENY of `/admin/*` leaves `/admin` open.',
  mend: 'list `/x` beside `/x/*`, if the application knows it',
  check: ({ policies }) =>
    suspectLists(policies, 'paths', (values, texts) => {
      const lone = values.filter(({ text }) => {
        const base = /^(\/.*[^/])\/\*$/.exec(text)?.[1]
        return (
          base !== undefined && !texts.some((other) => other === base || other === `${base}*` || isAbove(other, base))
        )
      })
      const [first] = lone
      if (first === undefined) return undefined
      const names = lone.slice(0, 3).map(({ text }) => quote(text.slice(0, -2)))
      const more = lone.length > 3 ? ` and ${lone.length - 3} more` : ''
      return { at: first, message: `${names.join(', ')}${more} ${lone.length > 1 ? 'are' : 'is'} not matched` }
    }),
}

/** Whether a prefix matches the base itself. */
function isAbove(other: string, base: string): boolean {
  return other === '*' || (other.endsWith('*') && base.startsWith(other.slice(0, -1)))
}

export const istioHostPort: Rule = {
  code: 'istio-host-port',
  severity: 'info',
  title: 'host without its port, or with one',
  why: 'A host is compared with what the client sends, and clients may send the port: `shop.example` and `shop.example:443` are two values. A DENY, or a `notHosts`, of one of them is passed by sending the other.',
  mend: 'list both: `shop.example` and `shop.example:*`',
  check: ({ policies }) =>
    suspectLists(policies, 'hosts', (values, texts) => {
      const lone = values.find(({ text }) => {
        if (text.endsWith('*')) return false
        const [name = '', port] = text.split(':')
        if (port !== undefined) return !texts.some((other) => other === name || isAbove(other, name))
        return !texts.some(
          (other) => other.startsWith(`${name}:`) || (other.endsWith('*') && isAbove(other, `${name}:`)),
        )
      })
      if (lone === undefined) return undefined
      const other = lone.text.includes(':') ? 'without the port' : 'with a port'
      return { at: lone, message: `host ${quote(lone.text)} is not matched when the client sends it ${other}` }
    }),
}
