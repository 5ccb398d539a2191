/** `SubjectRoute`: which subjects stand for which HTTP operations of a workload. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../lib/json.ts'
import {
  hasMethodVariable,
  parsePathTemplate,
  parseSubjectTemplate,
  patternOfParts,
  variablesMistake,
  type Route,
} from '../../route/index.ts'
import { respond } from '../grants/respond.ts'
import type { Mistake } from '../mistake.ts'
import { textsAt } from '../source-object.ts'
import { isLabel, isSubdomain } from '../values/names.ts'
import { refuse } from '../values/refuse.ts'
import { defineKind, type CheckContext } from './kind.ts'

const DEFAULT_MAX_REPLIES = 1
const DEFAULT_REPLY_WITHIN_MS = 120_000
const MAX_PORT = 65_535
/** What `istioctl waypoint apply` calls it. */
const DEFAULT_GATEWAY = 'waypoint'

const subject = z
  .string()
  .meta({ description: 'subject; {x} is one token, {x...} one or more and last, {method} the method in lower case' })
  .transform((text, ctx) => {
    const parsed = parseSubjectTemplate(text)
    if (parsed.ok) return parsed.value
    const hint = /[*>]/.test(text) ? 'write {name} for one token, {name...} for all that follow' : undefined
    return refuse(ctx, text, {
      code: 'route-subject-invalid',
      reason: `is no subject of a route: ${parsed.error}`,
      hint,
    })
  })

const path = z
  .string()
  .meta({ description: 'path of the HTTP operation; the variables of the subject stand for whole segments' })
  .transform((text, ctx) => {
    const parsed = parsePathTemplate(text)
    if (parsed.ok) return parsed.value
    const hint = text.startsWith('/') ? undefined : `write "/${text.slice(0, 40)}"`
    return refuse(ctx, text, { code: 'route-path-invalid', reason: `is no path of a route: ${parsed.error}`, hint })
  })

const method = z
  .string()
  .meta({ description: 'HTTP method, in upper case' })
  .transform((text, ctx) => {
    if (/^[A-Z0-9!#$%&'*+.^_`|~-]+$/.test(text)) return text
    const hint = `methods are upper-case and compared as they are: ${text.toUpperCase().slice(0, 20)}`
    return refuse(ctx, text, { code: 'route-method-invalid', reason: 'is no HTTP method', hint })
  })

const grpc = z
  .string()
  .meta({ description: 'package.Service/Method, short for POST /package.Service/Method' })
  .transform((text, ctx) => {
    const parsed = parsePathTemplate(`/${text}`)
    if (parsed.ok && /^[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/.test(text)) return parsed.value
    const hint = 'write shop.v1.Cart/AddItem, as the path of the call has it'
    return refuse(ctx, text, { code: 'route-grpc-invalid', reason: 'is no gRPC method', hint })
  })

const route = z
  .strictObject({
    subject,
    method: method.optional(),
    path: path.optional(),
    grpc: grpc.optional(),
    caller: z.enum(['publish', 'subscribe']).default('publish'),
    queue: respond.shape.queue,
    maxReplies: respond.shape.maxReplies,
    replyWithin: respond.shape.replyWithin,
  })
  .transform((fields, ctx): Omit<Route, 'origin'> => {
    if (ctx.issues.length > 0) return z.NEVER
    const wrong = operationMistake(fields)
    const operation = fields.grpc ?? fields.path
    if (wrong !== undefined || operation === undefined) {
      const reason = wrong ?? 'has no path'
      return refuse(ctx, fields, { code: 'route-invalid', reason, hint: 'write method and path, or grpc' })
    }
    const variables = variablesMistake(fields.subject, operation)
    if (variables !== undefined) {
      const hint = 'subject and path have the same variables, each once'
      return refuse(ctx, fields, { code: 'route-variables', reason: `is ambiguous: ${variables}`, hint })
    }
    const only = fields.grpc === undefined ? fields.method : 'POST'
    return {
      subject: fields.subject,
      path: operation,
      ...(only === undefined ? {} : { method: only }),
      caller: fields.caller,
      ...(fields.queue === undefined ? {} : { queues: fields.queue }),
      maxReplies: fields.maxReplies ?? DEFAULT_MAX_REPLIES,
      replyWithinMs: fields.replyWithin ?? DEFAULT_REPLY_WITHIN_MS,
    }
  })

interface Fields {
  readonly subject: Route['subject']
  readonly method?: unknown
  readonly path?: unknown
  readonly grpc?: unknown
}

function operationMistake(fields: Fields): string | undefined {
  const isAny = hasMethodVariable(fields.subject)
  if (fields.grpc !== undefined) {
    if (fields.path !== undefined || fields.method !== undefined) return 'has grpc beside method or path'
    return isAny ? 'has {method} in its subject, and a gRPC call is always POST' : undefined
  }
  if (fields.path === undefined) return 'has no path'
  if (isAny) return fields.method === undefined ? undefined : 'has a method beside {method} in its subject'
  return fields.method === undefined ? 'has no method' : undefined
}

const serviceAccount = z.string().transform((text, ctx) => {
  if (isSubdomain(text)) return text
  const hint = text.includes('/') ? 'its namespace is that of the route: write the name alone' : undefined
  return refuse(ctx, text, { code: 'service-account-invalid', reason: 'is no name of a ServiceAccount', hint })
})

const service = z.string().transform((text, ctx) => {
  if (isLabel(text)) return text
  return refuse(ctx, text, { code: 'name-invalid', reason: 'is no name of an object in the same namespace' })
})

export const subjectRoute = defineKind({
  kind: 'SubjectRoute',
  scope: 'Namespaced',
  ruleList: 'routes',
  spec: z.strictObject({
    workload: z.strictObject({
      labels: z.record(z.string(), z.string()).optional(),
      serviceAccount,
    }),
    host: z.string().min(1).optional(),
    port: z.int().min(1).max(MAX_PORT).optional(),
    attachment: z.enum(['sidecar', 'waypoint']).default('sidecar'),
    service: service.optional(),
    gateway: service.optional(),
    whenNoPolicy: z.enum(['Deny', 'Allow']).default('Deny'),
    routes: z.array(route).min(1),
  }),
  check,
  // A prohibition of the workload's policies reaches subjects through its routes.
  onlyGrants: () => false,
  translate: (spec, originAt) => {
    const origin = originAt(['spec'])
    const { namespace = '', name } = origin
    const { workload, port } = spec
    return {
      routes: [
        {
          namespace,
          name,
          serviceAccount: workload.serviceAccount,
          labels: workload.labels ?? {},
          host: spec.host ?? `${name}.${namespace}.svc.cluster.local`,
          ...(port === undefined ? {} : { port }),
          attachment:
            spec.service === undefined
              ? { is: 'sidecar' }
              : { is: 'waypoint', service: spec.service, gateway: spec.gateway ?? DEFAULT_GATEWAY },
          whenNoPolicy: spec.whenNoPolicy,
          routes: spec.routes.map((fields, rule) => ({ ...fields, origin: originAt(['spec', 'routes', rule], rule) })),
          origin,
        },
      ],
    }
  },
})

function check(spec: Json, { reach }: CheckContext): Mistake[] {
  if (!isJsonObject(spec)) return []
  const mistakes: Mistake[] = []
  const isWaypoint = spec['attachment'] === 'waypoint'
  if (isWaypoint && spec['service'] === undefined) {
    const message = 'spec.service is missing, expected the Service whose waypoint enforces the policies'
    mistakes.push({ code: 'missing-field', message, path: ['spec', 'service'] })
  }
  for (const field of ['service', 'gateway']) {
    if (isWaypoint || spec[field] === undefined) continue
    const message = `spec.${field} goes with attachment: waypoint`
    const hint = 'policies of a sidecar are chosen by labels'
    mistakes.push({ code: 'field-misplaced', message, hint, path: ['spec', field], atKey: true })
  }
  const { workload } = spec
  const labels = isJsonObject(workload) ? workload['labels'] : undefined
  if (!isWaypoint && isJsonObject(labels) && Object.keys(labels).length === 0) {
    const message = 'spec.workload.labels is empty, and no policy with a selector would count'
    const hint = 'write all labels of the pods'
    const path = ['spec', 'workload', 'labels']
    mistakes.push({ severity: 'warning', code: 'labels-empty', message, hint, path, atKey: true })
  }
  if (!isWaypoint && isJsonObject(workload) && labels === undefined) {
    const message = 'spec.workload.labels is missing, expected the labels of the pods, by which policies choose them'
    mistakes.push({ code: 'missing-field', message, path: ['spec', 'workload'], atKey: true })
  }
  for (const { path: within, text } of textsAt(spec, ['routes', '*', 'subject'])) {
    const template = parseSubjectTemplate(text)
    if (!template.ok) continue
    const place = ['spec', ...within]
    const pattern = patternOfParts(template.value.parts).text
    mistakes.push(...reach(pattern, place))
  }
  return mistakes
}
