/** The changes that could grant a principal a subject: one list of one document each, or one new document. Pure. */
import { stringify } from 'yaml'
import type { Json } from '../../lib/json.ts'
import type { Action } from '../../policy/effective.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { AccountRule, CeilingRule, Grant, GrantRule, Model } from '../../policy/model.ts'
import type { Origin } from '../../policy/origin.ts'
import { parsePattern, type Pattern } from '../../subject/index.ts'
import type { PrincipalEntry } from './principal-entry.ts'
import { isSameDocument, type Edit } from './step.ts'

const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

export function addPattern(rule: GrantRule, subject: Pattern): Edit {
  const { origin, grant } = rule
  return {
    step: { kind: 'add-pattern', origin, field: `spec.grants[${origin.rule ?? 0}].${grant.verb}`, add: subject.text },
    apply: (model) => ({
      ...model,
      grants: model.grants.map((one) =>
        one === rule ? { ...one, grant: { ...grant, patterns: [...grant.patterns, subject] } } : one,
      ),
    }),
  }
}

/** To all grants of the document, and its limits: it has one list of principals. */
export function addPrincipal(rule: GrantRule, { entry, written }: PrincipalEntry): Edit {
  const { rule: _rule, ...document } = rule.origin
  const widen = <Rule extends { readonly principals: readonly MatcherEntry[]; readonly origin: Origin }>(
    rules: readonly Rule[],
  ): Rule[] =>
    rules.map((one) =>
      isSameDocument(one.origin, document) ? { ...one, principals: [...one.principals, entry] } : one,
    )
  return {
    step: { kind: 'add-principal', origin: rule.origin, field: 'spec.principals', add: written },
    apply: (model) => ({ ...model, grants: widen(model.grants), limits: widen(model.limits) }),
  }
}

export function widenCeiling(rule: CeilingRule, action: Action, subject: Pattern): Edit {
  return {
    step: { kind: 'widen-ceiling', origin: rule.origin, field: `spec.${action}`, add: subject.text },
    apply: (model) => ({
      ...model,
      ceilings: model.ceilings.map((one) => (one === rule ? { ...one, [action]: [...one[action], subject] } : one)),
    }),
  }
}

export function giveAccount(rule: AccountRule, { entry, written }: PrincipalEntry): Edit {
  const { origin } = rule
  return {
    step: { kind: 'give-account', origin, field: `spec.accounts[${origin.rule ?? 0}].principals`, add: written },
    apply: (model) => ({
      ...model,
      accounts: model.accounts.map((one) => (one === rule ? { ...one, principals: [...one.principals, entry] } : one)),
    }),
  }
}

export interface NewPolicy {
  readonly namespace: string
  /** Of none of the others. */
  readonly name: string
  readonly principal: PrincipalEntry
  readonly action: Action
  readonly subject: Pattern
  readonly queue?: string
}

export function newPolicy({ namespace, name, principal, action, subject, queue }: NewPolicy): Edit {
  const group = queue === undefined ? undefined : parsePattern(queue)
  const written: Record<string, Json> = { [action]: [subject.text], ...(queue === undefined ? {} : { queue: [queue] }) }
  const origin: Origin = { kind: 'SubjectPolicy', namespace, name, rule: 0 }
  const grant: Grant =
    action === 'publish'
      ? { verb: 'publish', patterns: [subject] }
      : { verb: 'subscribe', patterns: [subject], ...(group?.ok === true ? { queues: [group.value] } : {}) }
  const document = {
    apiVersion: API_VERSION,
    kind: 'SubjectPolicy',
    metadata: { name, namespace },
    spec: { principals: [principal.written], grants: [written] },
  }
  return {
    step: { kind: 'new-document', origin, yaml: stringify(document) },
    apply: (model) => ({
      ...model,
      grants: [...model.grants, { effect: 'allow', principals: [principal.entry], grant, origin }],
    }),
  }
}

const MOST_IN_NAME = 60

/** From what is granted to whom, as a name of Kubernetes. */
export function nameFor(model: Model, namespace: string, words: readonly string[]): string {
  const taken = new Set(
    [...model.grants, ...model.limits]
      .filter(({ origin }) => origin.kind === 'SubjectPolicy' && origin.namespace === namespace)
      .map(({ origin }) => origin.name),
  )
  const plain = words
    .join('-')
    .toLowerCase()
    .replaceAll('>', 'all')
    .replaceAll('*', 'any')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MOST_IN_NAME)
    .replaceAll(/^-+|-+$/g, '')
  const base = plain === '' ? 'grant' : plain
  let name = base
  for (let i = 2; taken.has(name); i++) name = `${base}-${i}`
  return name
}
