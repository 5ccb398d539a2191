/** The next step for whoever wrote `principals:` as other tools have them: in one text, with wildcards inside, in a list of texts. Pure. */
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import { isJsonObject, type Json } from '../../lib/json.ts'
import { quote } from '../../lib/spell.ts'
import { MATCHER_FIELDS } from '../../policy/matcher.ts'
import { isSubdomain } from './names.ts'

const ANY = '*'
const FIELDS: ReadonlySet<string> = new Set(MATCHER_FIELDS)

/** Istio writes a principal as text, and so do most people at first. */
export function hintForEntry(found: Json): string | undefined {
  if (typeof found !== 'string') return undefined
  const missingBlank = /^([A-Za-z]+):[^\s/]/.exec(found)?.[1]
  if (missingBlank !== undefined && FIELDS.has(missingBlank)) return `put a blank behind the colon: ${missingBlank}: …`
  return `write ${spellEntry(found)}`
}

export function hintForMatcher(found: Json): string | undefined {
  if (typeof found === 'string') return `write it as a list: [${spellEntry(found)}]`
  return isJsonObject(found) ? 'begin each item of the list with "- "' : undefined
}

function spellEntry(text: string): string {
  if (text === ANY) return '{authenticated: true}, which is everybody who proved an identity'
  const workload = workloadIn(text)
  if (workload !== undefined) return `{serviceAccount: ${quote(workload.name)}}${workload.elsewhere}`
  if (text.startsWith('spiffe://')) return `{spiffeId: ${quote(text)}}`
  if (text.includes('://')) return `{requestPrincipal: ${quote(text)}}`
  if (text.includes('/')) return `{serviceAccount: ${quote(text)}}`
  if (text.startsWith('system:')) return `{group: ${quote(text)}}`
  return '{serviceAccount: <namespace>/<name>}, {namespace: …}, {group: …}'
}

/** A ServiceAccount as Istio or SPIFFE spells it, and what else to write for it. */
function workloadIn(text: string): { readonly name: string; readonly elsewhere: string } | undefined {
  const [, domain, namespace, name] = /^(?:spiffe:\/\/)?([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(text) ?? []
  if (domain === undefined || namespace === undefined || name === undefined) return undefined
  return {
    name: `${namespace}/${name}`,
    elsewhere: `, with trustDomain: ${quote(domain)} if that is not the local one`,
  }
}

export function hintForSpiffeId(text: string): string {
  const workload = text.includes(ANY) ? workloadIn(text) : undefined
  if (workload !== undefined) return `write serviceAccount: ${quote(workload.name)}${workload.elsewhere}`
  if (parseSpiffeId(`spiffe://${text}`).ok) return `write ${quote(`spiffe://${text}`)}`
  return 'write spiffe://<trust domain>/<path>, or end it with /* for all below'
}

export function hintForClaim(found: Json): string | undefined {
  if (typeof found === 'number' || typeof found === 'boolean')
    return 'claims are compared as text: put it in quotes if the token has it as text; a number or true in a token equals nothing'
  if (isJsonObject(found)) return 'write the path with dots: realm_access.roles: admin'
  return 'write one entry of principals for each value'
}

export function hintForServiceAccount(text: string): string {
  if (text === ANY) return '"*/*" is every ServiceAccount, shop/* every one of a namespace'
  const workload = workloadIn(text)
  if (workload !== undefined) return `write ${quote(workload.name)}${workload.elsewhere}`
  const [, namespace, name] = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(text) ?? []
  if (namespace !== undefined && name !== undefined) return `write ${namespace}/${name}`
  if (!text.includes('/') && isSubdomain(text)) return `put its namespace before it: shop/${text}`
  return text.includes(ANY) ? 'a wildcard stands for a whole part: shop/* or */orders' : 'for example shop/orders'
}
