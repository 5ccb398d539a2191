/** `SubjectPolicy`: who may, or may not, publish, subscribe, request and respond where, and within which limits. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../lib/json.ts'
import type { GrantRule, Limits } from '../../policy/model.ts'
import { checkGrant, grant, translateGrant, writtenPatterns } from '../grants/grants.ts'
import { matcherRemarks } from '../matcher-remarks.ts'
import type { Mistake } from '../mistake.ts'
import { nearest } from '../../lib/nearest.ts'
import { isList, valueAt, type SourceObject } from '../source-object.ts'
import { durationSeconds } from '../values/duration.ts'
import { matcher } from '../values/matcher.ts'
import { mayHide, wordsIn } from './action.ts'
import { defineKind, type CheckContext } from './kind.ts'

const CONNECTION_TYPES = ['nats', 'websocket', 'mqtt', 'leafnode'] as const

const limits = z
  .strictObject({
    maxSession: durationSeconds.optional(),
    connectionTypes: z.array(z.enum(CONNECTION_TYPES)).min(1).optional(),
  })
  .transform(({ maxSession, connectionTypes }): Limits => ({
    ...(maxSession === undefined ? {} : { maxSessionSeconds: maxSession }),
    ...(connectionTypes === undefined ? {} : { connectionTypes }),
  }))

export const subjectPolicy = defineKind({
  kind: 'SubjectPolicy',
  scope: 'Namespaced',
  ruleList: 'grants',
  spec: z.strictObject({
    // First, so that a file cut short says DENY before it says what.
    action: z.enum(['ALLOW', 'DENY']).default('ALLOW'),
    principals: matcher,
    grants: z.array(grant).min(1).optional(),
    limits: limits.optional(),
  }),
  check,
  onlyGrants,
  translate: (spec, originAt) => {
    const { principals } = spec
    const effect = spec.action === 'DENY' ? 'deny' : 'allow'
    const grants = (spec.grants ?? []).flatMap((fields, rule): GrantRule[] => {
      const origin = originAt(['spec', 'grants', rule], rule)
      return translateGrant(fields, effect).map((grant) => ({ effect, principals, grant, origin }))
    })
    if (spec.limits === undefined) return { grants }
    return { grants, limits: [{ principals, limits: spec.limits, origin: originAt(['spec', 'limits']) }] }
  },
})

function check(spec: Json, { reach }: CheckContext): Mistake[] {
  if (!isJsonObject(spec)) return []
  const denies = spec['action'] === 'DENY'
  const mistakes = matcherRemarks(spec, ['principals'])
  const grants = spec['grants']
  if (isList(grants)) {
    for (const [index, written] of grants.entries()) {
      const path = ['spec', 'grants', index]
      mistakes.push(...checkGrant(written, path, denies ? 'deny' : 'allow'))
      if (denies) continue
      for (const { path: within, value } of writtenPatterns(written)) {
        if (typeof value === 'string') mistakes.push(...reach(value, [...path, ...within]))
      }
    }
  }
  const limits = spec['limits']
  if (limits !== undefined && denies) {
    const message = 'spec.limits does not go with action DENY'
    const hint = 'limits narrow whoever they match; write them in a SubjectPolicy of their own, without action'
    mistakes.push({ code: 'limits-in-deny', message, hint, path: ['spec', 'limits'], atKey: true })
  }
  if (isJsonObject(limits) && Object.keys(limits).length === 0) {
    const message = 'spec.limits is empty, expected maxSession or connectionTypes'
    mistakes.push({ code: 'limits-empty', message, path: ['spec', 'limits'], atKey: true })
  }
  if (grants === undefined && limits === undefined && !hasUnknownField(spec)) {
    const message = 'spec has neither grants nor limits'
    mistakes.push({ code: 'missing-field', message, path: ['spec'], atKey: true })
  }
  return mistakes
}

const SPEC_FIELDS: ReadonlySet<string> = new Set(['action', 'principals', 'grants', 'limits'])

function hasUnknownField(spec: object): boolean {
  return Object.keys(spec).some((field) => !SPEC_FIELDS.has(field))
}

/**
 * An ALLOW without limits only grants. Everything that could be a DENY or a limit, misspelt or misplaced, makes it
 * something else: a broken document must not turn a prohibition off by being dropped.
 */
function onlyGrants({ value, mistakes }: SourceObject): boolean {
  if (mistakes.some(({ path }) => mayHide(path, ['action', 'limits']))) return false
  // Cut short before it said anything.
  if (!isJsonObject(valueAt(value, ['spec']))) return false
  const words = [...wordsIn(value)]
  if (words.some(({ text, isKey }) => isKey && nearest(text, ['limits', 'maxSession', 'connectionTypes']))) return false
  if (valueAt(value, ['spec', 'action']) === 'ALLOW') return true
  return !words.some(({ text, isKey }) => text.toUpperCase() === 'DENY' || (isKey && nearest(text, ['action'])))
}
