/**
 * `PolicyTest`: what somebody asserts of a policy, in a file of its own. Pure.
 * Says what a case may hold; which of its fields go together is judged in `read-case.ts`.
 */
import { z } from 'zod'
import { API_VERSION } from '../../compile/kinds/kind.ts'
import { metadata } from '../../compile/metadata.ts'
import { namespaceName, trustDomainName } from '../../compile/values/names.ts'
import { pattern } from '../../compile/values/pattern.ts'
import { refuse } from '../../compile/values/refuse.ts'
import { parseIp } from '../../istio/index.ts'
import type { RefusalCode } from '../../policy/refusal.ts'
import { isLiteral, parsePattern, type Pattern } from '../../subject/index.ts'

const ACTIONS = ['publish', 'subscribe', 'login'] as const

const LOGIN_REFUSALS = [
  'ACCOUNT_NONE',
  'ACCOUNT_CONFLICT',
  'PERMISSIONS_TOO_LARGE',
] as const satisfies readonly RefusalCode[]

const text = z.string().min(1)

/** A queue group by its name; `false` for subscriptions outside of every group. */
const queue = z.unknown().transform((value, ctx): Pattern | false => {
  if (value === false) return false
  const name = typeof value === 'string' ? parsePattern(value) : undefined
  if (name?.ok === true && isLiteral(name.value)) return name.value
  const reason = 'is no queue group, expected a name, or false for subscriptions outside of every group'
  return refuse(ctx, value, { code: 'queue-invalid', reason })
})

const ipAddress = z.string().transform((value, ctx) => {
  if (parseIp(value) !== undefined) return value
  return refuse(ctx, value, { code: 'address-invalid', reason: 'is no IP address' })
})

const httpRequest = z.strictObject({
  /** That is called. */
  workload: z.strictObject({
    namespace: namespaceName,
    labels: z.record(text, z.string()).optional(),
    /** A service that is reached through a waypoint; then labels mean nothing. */
    waypointFor: text.optional(),
    /** Of that waypoint's Gateway; the usual one is called `waypoint`. */
    waypointName: text.optional(),
  }),
  transport: z.enum(['http', 'tcp']).optional(),
  /** That calls, with a certificate of the mesh; without one it calls in plain text. */
  principal: text.optional(),
  /** Of a verified token. */
  claims: z.record(z.string(), z.json()).optional(),
  method: oneOrMore(text).optional(),
  path: oneOrMore(text).optional(),
  host: text.optional(),
  port: z.int().min(1).max(65_535).optional(),
  headers: z.record(text, z.string()).optional(),
  sourceIp: ipAddress.optional(),
  remoteIp: ipAddress.optional(),
  destinationIp: ipAddress.optional(),
  sni: text.optional(),
})

const policyCase = z.strictObject({
  name: text.optional(),
  principal: oneOrMore(text).optional(),
  claims: z.record(z.string(), z.json()).optional(),
  groups: z.array(text).optional(),
  can: z.enum(ACTIONS).optional(),
  cannot: z.enum(ACTIONS).optional(),
  subject: oneOrMore(pattern).optional(),
  queue: queue.optional(),
  account: text.optional(),
  refusal: z.enum(LOGIN_REFUSALS).optional(),
  http: httpRequest.optional(),
  is: z.enum(['allow', 'deny']).optional(),
  by: text.optional(),
})

export type HttpFields = z.output<typeof httpRequest>

export type CaseFields = z.output<typeof policyCase>

export const policyTest = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('PolicyTest'),
  metadata: metadata.optional(),
  spec: z.strictObject({
    /** Folders or files, from the folder of the test. */
    policies: oneOrMore(text).optional(),
    trustDomain: trustDomainName.optional(),
    trustDomainAliases: z.array(trustDomainName).optional(),
    rootNamespace: namespaceName.optional(),
    cases: z.array(policyCase).min(1),
  }),
})

export type PolicyTestFields = z.output<typeof policyTest>

const NO_TEXT = { code: 'wrong-type', reason: 'is no text, expected text or a list of texts' }

/** One text, or a list of them. */
function oneOrMore<Item extends z.ZodType>(item: Item): z.ZodType<z.output<Item>[]> {
  return z.unknown().transform((value, ctx) => {
    const isList = Array.isArray(value)
    const items: readonly unknown[] = isList ? value : [value]
    if (items.length === 0) {
      return refuse(ctx, value, { code: 'empty-list', reason: 'is an empty list, expected at least one item' })
    }
    return items.flatMap((one, index) => {
      const parsed = item.safeParse(one)
      if (parsed.success) return [parsed.data]
      for (const issue of parsed.error.issues) {
        const params = issue.code === 'custom' ? issue.params : NO_TEXT
        const place = isList ? { path: [index] } : {}
        ctx.issues.push({ code: 'custom', message: issue.message, input: one, params: params ?? {}, ...place })
      }
      return []
    })
  })
}
