/** `nib why` and `nib what-can`: questions answered offline from policy files, by the engine that decides logins. */
import { whatCan, type Entry, type WhatCan } from '../audit/what-can.ts'
import { why, type Why } from '../audit/why.ts'
import type { Principal } from '../identity/principal.ts'
import { isTrustDomain } from '../identity/spiffe-id.ts'
import { DEFAULT_MESH } from '../istio/index.ts'
import { table } from '../lib/table.ts'
import { createDecide } from '../policy/decide.ts'
import type { Decision } from '../policy/decision.ts'
import { nameOrigin } from '../policy/origin.ts'
import { REFUSALS } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { parsePattern, parseSubject } from '../subject/index.ts'
import { parseClaims } from './claims-argument.ts'
import type { Input } from './input.ts'
import { loadSnapshot } from './load-snapshot.ts'
import { sha256Hex } from '../serve/sha256.ts'
import type { Output } from './output.ts'
import { parsePrincipal } from './principal-argument.ts'
import { partInWords, placeOf, repliesInWords } from './words.ts'

export interface QueryArguments {
  readonly principal: string
  readonly policies: readonly string[]
  readonly trustDomain: string
  /** Other names of the trust domain. */
  readonly alias?: readonly string[]
  /** Of Istio. */
  readonly rootNamespace?: string
  readonly claim: readonly string[]
  readonly group: readonly string[]
  readonly json?: true
}

export interface WhyArguments extends QueryArguments {
  readonly action: 'publish' | 'subscribe'
  readonly subject: string
  readonly queue?: string
}

/** @returns 0 when allowed, 1 when denied, 2 when the question or the documents are wrong. */
export async function whyCommand(question: WhyArguments, output: Output, input?: Input): Promise<number> {
  const subject = question.action === 'publish' ? parseSubject(question.subject) : parsePattern(question.subject)
  if (!subject.ok) return refuseUsage(output, `subject "${question.subject}": ${subject.error}`)
  const asked = await ask(question, output, input)
  if (asked === undefined) return 2
  const { action, queue } = question
  const { principal } = asked
  const answer = why(asked.snapshot, asked.decision, {
    principal,
    action,
    subject: subject.value,
    ...(queue === undefined ? {} : { queue }),
  })
  if (question.json) output.json(answer)
  else printWhy(answer, output)
  return answer.allowed ? 0 : 1
}

/** @returns 0 when the principal can log in, 1 when not, 2 when the question or the documents are wrong. */
export async function whatCanCommand(question: QueryArguments, output: Output, input?: Input): Promise<number> {
  const asked = await ask(question, output, input)
  if (asked === undefined) return 2
  const answer = whatCan(asked.snapshot, asked.decision, asked.principal)
  if (question.json) output.json(answer)
  else printWhatCan(answer, output)
  return answer.refusal === undefined ? 0 : 1
}

interface Asked {
  readonly snapshot: Snapshot
  readonly principal: Principal
  readonly decision: Decision
}

async function ask(question: QueryArguments, output: Output, input: Input | undefined): Promise<Asked | undefined> {
  if (!isTrustDomain(question.trustDomain)) {
    refuseUsage(
      output,
      `trust domain "${question.trustDomain}" is made of other characters than a-z, 0-9, ".", "-" and "_"`,
    )
    return undefined
  }
  const claims = parseClaims(question.claim)
  if (!claims.ok) {
    refuseUsage(output, claims.error)
    return undefined
  }
  const { trustDomain, group: groups } = question
  const principal = parsePrincipal(question.principal, { trustDomain, claims: claims.value, groups })
  if (!principal.ok) {
    refuseUsage(output, `principal "${question.principal}": ${principal.error}`)
    return undefined
  }
  const loaded = await loadSnapshot(question.policies, {
    trustDomain,
    trustDomainAliases: question.alias ?? [],
    rootNamespace: question.rootNamespace ?? DEFAULT_MESH.rootNamespace,
    input,
  })
  output.diagnostics(loaded.ok ? loaded.value.diagnostics : loaded.error)
  if (!loaded.ok) return undefined
  const { snapshot } = loaded.value
  return { snapshot, principal: principal.value, decision: createDecide(sha256Hex)(snapshot, principal.value) }
}

function refuseUsage(output: Output, message: string): number {
  output.error(message)
  return 2
}

function printWhy(answer: Why, output: Output): void {
  const verdict = answer.allowed ? output.paint('allowed', 'good') : output.paint('denied', 'bad')
  const queue = answer.queue === undefined ? '' : ` in queue group ${answer.queue}`
  output.line(`${output.paint(verdict, 'strong')}  ${answer.principal} ${answer.action} ${answer.subject}${queue}`)
  if (answer.account !== undefined) output.line(`account  ${answer.account}`)
  if (answer.partly) output.line('partly   the server accepts the subscription and delivers what is granted inside it')
  if (answer.refusal !== undefined) output.line(`no login: ${answer.refusal}, ${REFUSALS[answer.refusal].meaning}`)
  output.line()
  const rows = answer.reasons.map(({ part, origin, pattern }) => [
    partInWords(part),
    nameOrigin(origin),
    pattern ?? '',
    placeOf(origin),
  ])
  if (rows.length === 0) output.line('no rule speaks of this subject: nothing granted means nothing allowed')
  else for (const line of table(['', 'rule', 'pattern', 'written in'], rows)) output.line(line)
  for (const shortfall of answer.shortfalls) output.line(`given less: ${shortfall}`)
}

function printWhatCan(answer: WhatCan, output: Output): void {
  output.line(output.paint(answer.principal, 'strong'))
  if (answer.refusal !== undefined) {
    output.line(`${output.paint('no login', 'bad')}: ${answer.refusal}, ${REFUSALS[answer.refusal].meaning}`)
    for (const origin of answer.accountRules) output.line(`  ${nameOrigin(origin)}  ${placeOf(origin)}`)
    return
  }
  output.line(
    `account  ${answer.account ?? ''}   inbox prefix  ${answer.inboxPrefix ?? ''}   snapshot  ${answer.snapshotId.slice(0, 12)}`,
  )
  output.line()
  const rows = answer.entries.map((entry) => [entry.action, entry.effect, entry.entry, rulesOf(entry)])
  for (const line of table(['', '', 'subject', 'rule'], rows)) output.line(line)
  const resp = answer.permissions?.resp
  if (resp !== undefined) output.line(`\nmay answer requests: ${repliesInWords(resp)}`)
  for (const { pattern, reason } of answer.shortfalls) output.line(`given less: ${pattern}: ${reason}`)
}

function rulesOf({ rules, effect }: Entry): string {
  if (rules.length > 0) return rules.map((origin) => `${nameOrigin(origin)} ${placeOf(origin)}`.trim()).join(', ')
  return effect === 'deny' ? 'guard of the list' : 'own inbox'
}
