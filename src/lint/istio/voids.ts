/** ALLOW rules that a wider ALLOW makes void: rules add up, and the widest wins. Pure. Judges by form, and when in doubt says nothing. */
import type { Rule } from '../finding.ts'
import type { ConditionView, EntryView, PolicyView, RuleView, ValueView } from './policy-view.ts'
import { selects } from './tcp.ts'

export const istioVoidsNarrow: Rule = {
  code: 'istio-voids-narrow',
  severity: 'warning',
  title: 'wide ALLOW that makes narrow ones void',
  why: 'ALLOW policies add up: a request needs one rule of one of them. A rule for the whole namespace lets through what the policies of single workloads were written to keep out.',
  mend: 'narrow the wide rule, or remove the others, which say nothing beside it',
  check: ({ policies, mesh: { rootNamespace } }) => {
    const allows = policies.filter(({ action, dryRun }) => action === 'ALLOW' && !dryRun)
    return allows.flatMap((wide, place) =>
      wide.rules.flatMap((rule, index) => {
        // The empty rule has a finding of its own.
        if (rule.from === undefined && rule.to === undefined && rule.when.length === 0) return []
        const hit = allows.flatMap((narrow, other) => {
          if (!isForAllOf(wide, narrow, rootNamespace)) return []
          const isBack = isForAllOf(narrow, wide, rootNamespace)
          const count = narrow.rules.filter((below, position) => {
            if (below === rule || !covers(rule, below)) return false
            // Of two that say the same, the later one is void.
            const isLater = other > place || (other === place && position > index)
            return isLater || !(isBack && covers(below, rule))
          }).length
          return count === 0 ? [] : [{ name: narrow.name, count, isOwn: narrow === wide }]
        })
        const total = hit.reduce((sum, { count }) => sum + count, 0)
        if (total === 0) return []
        const names = hit.map(({ name, isOwn }) => (isOwn ? 'this policy' : name))
        const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names
        const message = `makes ${total} ${total === 1 ? 'rule' : 'rules'} void in ${shown.join(', ')}`
        return [{ at: { document: wide.document, path: rule.path }, message }]
      }),
    )
  },
}

function isForAllOf(wide: PolicyView, narrow: PolicyView, rootNamespace: string): boolean {
  if (wide === narrow) return true
  if (narrow.targetRefs.length > 0) return false
  return selects(wide, { namespace: narrow.namespace, labels: narrow.labels }, rootNamespace)
}

/** Whether every request that matches the narrow rule matches the wide one. `false` may be ignorance. */
export function covers(wide: RuleView, narrow: RuleView): boolean {
  return (
    coverEntries(wide.from, narrow.from, coversSource) &&
    coverEntries(wide.to, narrow.to, coversOperation) &&
    wide.when.every((condition) => narrow.when.some((other) => isSameCondition(condition, other)))
  )
}

function coverEntries(
  wide: readonly EntryView[] | undefined,
  narrow: readonly EntryView[] | undefined,
  coversOne: (wide: EntryView, narrow: EntryView) => boolean,
): boolean {
  if (wide === undefined) return true
  return narrow !== undefined && narrow.every((entry) => wide.some((other) => coversOne(other, entry)))
}

function coversSource(wide: EntryView, narrow: EntryView): boolean {
  if (wide.fields.size === 0) return false
  return [...wide.fields].every(([field, values]) => {
    const own = textsOf(narrow, field)
    if (field === 'namespaces') {
      const named =
        own ?? textsOf(narrow, 'principals')?.map(namespaceOf) ?? textsOf(narrow, 'serviceAccounts')?.map(beforeSlash)
      return named?.every((name) => name !== undefined && values.some(({ text }) => text === name)) === true
    }
    if (field === 'principals') {
      const folders = textsOf(narrow, 'namespaces')?.map((name) => `cluster.local/ns/${name}/sa/*`)
      return isWithin(own ?? folders, values)
    }
    if (field === 'requestPrincipals' && values.some(({ text }) => text === '*')) return own !== undefined
    return isWithin(own, values)
  })
}

function coversOperation(wide: EntryView, narrow: EntryView): boolean {
  if (wide.fields.size === 0) return false
  return [...wide.fields].every(([field, values]) =>
    field.startsWith('not')
      ? JSON.stringify(textsOf(narrow, field)) === JSON.stringify(values.map(({ text }) => text))
      : isWithin(textsOf(narrow, field), values),
  )
}

/** Whether each text is matched, as a whole or as a prefix, by one of the values. */
function isWithin(texts: readonly string[] | undefined, values: readonly ValueView[]): boolean {
  return texts?.every((text) => values.some((value) => matches(value.text, text))) === true
}

function matches(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === '*') return true
  if (!wide.endsWith('*') || wide.startsWith('*') || narrow.startsWith('*') || wide.includes('{')) return false
  return narrow.startsWith(wide.slice(0, -1))
}

function textsOf({ fields }: EntryView, field: string): readonly string[] | undefined {
  return fields.get(field)?.map(({ text }) => text)
}

function namespaceOf(principal: string): string | undefined {
  return /^[^/*]+\/ns\/([^/*]+)\/sa\//.exec(principal)?.[1]
}

function beforeSlash(account: string): string | undefined {
  const [namespace, name] = account.split('/')
  return name === undefined ? undefined : namespace
}

function isSameCondition(a: ConditionView, b: ConditionView): boolean {
  return spell(a) === spell(b)
}

function spell({ key, values, notValues }: ConditionView): string {
  return JSON.stringify([key, values.map(({ text }) => text).toSorted(), notValues.map(({ text }) => text).toSorted()])
}
