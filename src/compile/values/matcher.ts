/** `principals:` of every kind, as policy.md section 2 has it. Pure. Refuses entries that no principal could ever match. */
import { z } from 'zod'
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import { hintForClaim, hintForEntry, hintForMatcher, hintForServiceAccount, hintForSpiffeId } from './matcher-hints.ts'
import { isLabel, isSubdomain, namespaceName, trustDomainName } from './names.ts'
import { refuse } from './refuse.ts'
import { adviseOnType } from './type-advice.ts'

const ANY = '*'

const serviceAccount = z
  .string()
  .meta({ description: 'namespace/name, either may be `*`' })
  .transform((text, ctx) => {
    const [namespace, name, more] = text.split('/')
    if (namespace !== undefined && name !== undefined && more === undefined) {
      if ((namespace === ANY || isLabel(namespace)) && (name === ANY || isSubdomain(name))) return { namespace, name }
    }
    return refuse(ctx, text, {
      code: 'service-account-invalid',
      reason: 'is no ServiceAccount, expected <namespace>/<name>',
      hint: hintForServiceAccount(text),
    })
  })

const spiffeId = z
  .string()
  .meta({ description: 'SPIFFE ID, or the beginning of one with `/*` behind it' })
  .transform((text, ctx) => {
    const prefix = text.endsWith('/*') ? text.slice(0, -1) : undefined
    // A prefix is valid when any ID can begin with it, so one more segment makes it an ID.
    const parsed = parseSpiffeId(prefix === undefined ? text : `${prefix}x`)
    if (parsed.ok) return prefix === undefined ? { exact: parsed.value.uri } : { prefix: parsed.value.uri.slice(0, -1) }
    return refuse(ctx, text, {
      code: 'spiffe-id-invalid',
      reason: `is no SPIFFE ID: ${parsed.error}`,
      hint: hintForSpiffeId(text),
    })
  })

const requestPrincipal = z
  .string()
  .meta({ description: '`<iss>/<sub>`; `*`, `x*` and `*x` as in Istio' })
  .transform((text, ctx) => {
    const inner = text.replace(/^\*/, '').replace(/\*$/, '')
    const bothEnds = text.length > 1 && text.startsWith(ANY) && text.endsWith(ANY)
    if (!inner.includes(ANY) && !bothEnds && text !== '') {
      if (text.includes(ANY) || inner.includes('/')) return text
      const hint = `write ${JSON.stringify(`${text.slice(0, 40)}/*`)} for everybody of that issuer`
      return refuse(ctx, text, { code: 'request-principal-invalid', reason: 'has no "/", expected <iss>/<sub>', hint })
    }
    return refuse(ctx, text, {
      code: 'request-principal-invalid',
      reason: 'is no request principal',
      hint: 'write <iss>/<sub>, with one * at the beginning or the end at most, or * alone',
    })
  })

const entryFields = z
  .strictObject({
    serviceAccount: serviceAccount.optional(),
    namespace: namespaceName.optional().meta({ description: 'namespace of a ServiceAccount' }),
    trustDomain: trustDomainName.optional().meta({ description: 'trust domain of a workload; default: the local one' }),
    spiffeId: spiffeId.optional(),
    requestPrincipal: requestPrincipal.optional(),
    issuer: z.string().min(1).optional().meta({ description: '`iss` of an end-user token' }),
    claims: z
      .record(z.string().min(1), adviseOnType(z.string().min(1), { hint: hintForClaim }))
      .optional()
      .meta({ description: 'claims of an end-user token: path and value' }),
    group: z.string().min(1).optional().meta({ description: 'group of a ServiceAccount or end user' }),
    authenticated: z.literal(true).optional().meta({ description: 'everybody who proved an identity' }),
  })
  .meta({ minProperties: 1 })

const entry = adviseOnType(entryFields, { hint: hintForEntry }).transform((fields, ctx): MatcherEntry => {
  // An unknown field is a mistake already, and may be all there is.
  if (ctx.issues.length > 0) return z.NEVER
  if (Object.keys(fields).length === 0) {
    const reason = 'is empty, expected at least one field'
    const hint = 'write authenticated: true for everybody who proved an identity'
    return refuse(ctx, fields, { code: 'matcher-empty', reason, hint })
  }
  if (fields.claims !== undefined && Object.keys(fields.claims).length === 0) {
    return refuse(ctx, fields, { code: 'matcher-empty', reason: 'has empty claims, expected at least one' })
  }
  const contradiction = contradictionOf(fields)
  if (contradiction === undefined) return withoutUndefined(fields)
  const reason = `can never match: ${contradiction}`
  return refuse(ctx, fields, { code: 'matcher-contradictory', reason, hint: 'fields of one entry must all match' })
})

/** OR between entries, AND between the fields of one. */
export const matcher = adviseOnType(z.array(entry).min(1), { hint: hintForMatcher })

type Fields = { [Field in keyof MatcherEntry]: MatcherEntry[Field] | undefined }

/** A field that is present and `undefined` would be another matcher to whoever compares them. */
function withoutUndefined(fields: Fields): MatcherEntry {
  return {
    ...(fields.serviceAccount === undefined ? {} : { serviceAccount: fields.serviceAccount }),
    ...(fields.namespace === undefined ? {} : { namespace: fields.namespace }),
    ...(fields.trustDomain === undefined ? {} : { trustDomain: fields.trustDomain }),
    ...(fields.spiffeId === undefined ? {} : { spiffeId: fields.spiffeId }),
    ...(fields.requestPrincipal === undefined ? {} : { requestPrincipal: fields.requestPrincipal }),
    ...(fields.issuer === undefined ? {} : { issuer: fields.issuer }),
    ...(fields.claims === undefined ? {} : { claims: fields.claims }),
    ...(fields.group === undefined ? {} : { group: fields.group }),
    ...(fields.authenticated === undefined ? {} : { authenticated: fields.authenticated }),
  }
}

function contradictionOf(fields: Fields): string | undefined {
  const named = fields.serviceAccount?.namespace
  if (named !== undefined && named !== ANY && fields.namespace !== undefined && named !== fields.namespace) {
    return 'serviceAccount and namespace name different namespaces'
  }
  if (fields.spiffeId === undefined || fields.trustDomain === undefined) return undefined
  const uri = 'exact' in fields.spiffeId ? fields.spiffeId.exact : fields.spiffeId.prefix
  const within = uri.startsWith(`spiffe://${fields.trustDomain}/`)
  return within ? undefined : 'spiffeId and trustDomain name different trust domains'
}
