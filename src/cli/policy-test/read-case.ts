/**
 * One case of a `PolicyTest` -> the assertions in it, one for each principal and subject. Pure.
 * Refuses a case that asserts nothing, or whose fields do not go together: it would hold for the wrong reason.
 */
import type { Expectation } from '../../audit/assertion.ts'
import { withHint, type Mistake } from '../../compile/mistake.ts'
import { spellPath, type Path } from '../../lib/spell.ts'
import type { Principal } from '../../identity/principal.ts'
import type { Pattern } from '../../subject/index.ts'
import { parsePrincipal } from '../../answers/principal-text.ts'
import { readHttpCase, type HttpAssertion } from './read-http-case.ts'
import type { CaseFields } from './schema.ts'

export type Assertion = SubjectAssertion | HttpAssertion

export interface SubjectAssertion {
  readonly of: 'subject'
  /** `shop/orders can publish shop.orders.created`. */
  readonly statement: string
  readonly principal: Principal
  readonly expectation: Expectation
}

export interface ReadCase {
  readonly mistakes: readonly Mistake[]
  /** Empty when there are mistakes. */
  readonly assertions: readonly Assertion[]
}

const PRINCIPAL_HINT = 'write ns/name, a SPIFFE ID, or an end user as https://issuer/subject'

export function readCase(fields: CaseFields, path: Path, trustDomain: string): ReadCase {
  return fields.http === undefined
    ? readSubjectCase(fields, path, trustDomain)
    : readHttpCase(fields, fields.http, path, trustDomain)
}

function readSubjectCase(fields: CaseFields, path: Path, trustDomain: string): ReadCase {
  const mistakes = contradictionsOf(fields, path)
  const principals = (fields.principal ?? []).map((text, index) => {
    const { claims = {}, groups = [] } = fields
    const parsed = parsePrincipal(text, { trustDomain, claims, groups })
    if (!parsed.ok) {
      const message = `${spellPath([...path, 'principal'])} ${JSON.stringify(text)} is no principal: ${parsed.error}`
      mistakes.push({ code: 'principal-invalid', message, path: [...path, 'principal', index] })
    } else if (parsed.value.requestAuth === undefined) mistakes.push(...tokenOfWorkload(fields, path))
    return { text: inWords(text, fields), principal: parsed.ok ? parsed.value : undefined }
  })
  if (mistakes.length > 0) return { mistakes, assertions: [] }
  const assertions = principals.flatMap(({ text, principal }): Assertion[] =>
    principal === undefined
      ? []
      : expectationsOf(fields).map(({ words, expectation }) => ({
          of: 'subject',
          statement: `${text} ${words}`,
          principal,
          expectation,
        })),
  )
  return { mistakes, assertions }
}

function contradictionsOf(fields: CaseFields, path: Path): Mistake[] {
  const mistakes: Mistake[] = []
  const complain = (code: string, message: string, hint?: string, field?: string): void => {
    const at = field === undefined ? { path } : { path: [...path, field], atKey: true as const }
    mistakes.push(withHint({ code, message: `${spellPath(path)} ${message}`, ...at }, hint))
  }
  const { principal, can, cannot, subject, queue, account, refusal } = fields
  const action = can ?? cannot
  if (principal === undefined) complain('missing-field', 'names no principal', PRINCIPAL_HINT)
  if (can !== undefined && cannot !== undefined) {
    complain('case-contradictory', 'has both can and cannot', 'write two cases', 'cannot')
  }
  if (action === undefined && account === undefined && refusal === undefined) {
    complain('case-empty', 'asserts nothing, expected can, cannot, account, refusal or http')
  }
  if ((action === 'publish' || action === 'subscribe') && subject === undefined) {
    complain(
      'missing-field',
      `has no subject to ${action}`,
      'name a subject, or a pattern that stands for all of its subjects',
    )
  }
  if (action !== 'publish' && action !== 'subscribe' && subject !== undefined) {
    complain('case-contradictory', 'has a subject, and no publish or subscribe', undefined, 'subject')
  }
  if (queue !== undefined && action !== 'subscribe') {
    complain('case-contradictory', 'has a queue, and no subscribe', undefined, 'queue')
  }
  for (const field of ['is', 'by'] as const) {
    if (fields[field] !== undefined) complain('case-contradictory', `has ${field}, and no http`, undefined, field)
  }
  if (account !== undefined && (cannot === 'login' || refusal !== undefined)) {
    complain(
      'case-contradictory',
      'expects an account and a refusal at once',
      'who is refused lives in no account',
      'account',
    )
  }
  if (refusal !== undefined && action !== undefined && cannot !== 'login') {
    complain(
      'case-contradictory',
      'expects a refusal, and asks what is done after a login',
      'write cannot: login',
      'refusal',
    )
  }
  return mistakes
}

/** What a ServiceAccount token says is known; to write it again would only look like a choice. */
function tokenOfWorkload(fields: CaseFields, path: Path): Mistake[] {
  return (['claims', 'groups'] as const)
    .filter((field) => fields[field] !== undefined)
    .map((field) => ({
      code: 'case-contradictory',
      message: `${spellPath(path)} gives ${field} to a workload, which has none of its own`,
      hint: `${field} are for end users: https://issuer/subject`,
      path: [...path, field],
      atKey: true,
    }))
}

interface Expected {
  readonly words: string
  readonly expectation: Expectation
}

function expectationsOf(fields: CaseFields): Expected[] {
  const { can, cannot, subject = [], queue, account, refusal } = fields
  const action = can ?? cannot
  const verb = can === undefined ? 'cannot' : 'can'
  const expected: Expected[] = []
  if (account !== undefined) {
    expected.push({ words: `lives in account ${account}`, expectation: { is: 'account', account } })
  }
  if (refusal !== undefined) {
    expected.push({ words: `is refused: ${refusal}`, expectation: { is: 'refusal', code: refusal } })
  } else if (action === 'login') {
    expected.push({ words: `${verb} log in`, expectation: { is: 'login', can: can !== undefined } })
  }
  if (action !== 'publish' && action !== 'subscribe') return expected
  const group = queue === undefined ? {} : { group: queue }
  return [
    ...expected,
    ...subject.map((pattern): Expected => {
      const words = `${verb} ${action} ${pattern.text}${inGroup(queue)}`
      return { words, expectation: { is: 'action', can: can !== undefined, action, subject: pattern, ...group } }
    }),
  ]
}

function inGroup(queue: Pattern | false | undefined): string {
  if (queue === undefined) return ''
  return queue === false ? ' outside of queue groups' : ` in queue group ${queue.text}`
}

function inWords(principal: string, { claims, groups }: CaseFields): string {
  const more = [
    ...(groups === undefined ? [] : [`group ${groups.join(', ')}`]),
    ...(claims === undefined ? [] : ['with claims']),
  ]
  return more.length === 0 ? principal : `${principal} (${more.join(', ')})`
}
