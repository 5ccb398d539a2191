/**
 * What a matcher says that its author hardly meant: no errors, as the text is valid, and matches nobody or fewer than it seems. Pure.
 * In a DENY or a ceiling that is a prohibition that holds for nobody.
 */
import { isJsonObject, type Json } from '../lib/json.ts'
import { quote, spellPath, type Path } from '../lib/spell.ts'
import type { Mistake } from './mistake.ts'
import { textsAt, valuesAt } from './source-object.ts'

const COMPARED_WHOLE = 'is compared as a whole, star and all'
/** An issuer, with nothing behind it that could be a subject. */
const ISSUER_ALONE = /^https?:\/\/[^/*]*\/?$/
/** What tokens mostly have as a number, or as true or false. */
const NO_TEXT = /^(?:true|false|-?\d+(?:\.\d+)?)$/
/** Lists in one text, cut at blanks where Istio reads them. */
const SPACE_DELIMITED: ReadonlySet<string> = new Set(['scope', 'permission'])

/** @param at where the matchers stand in the spec: `['principals']`, or in each item of a list */
export function matcherRemarks(spec: Json, at: readonly string[]): Mistake[] {
  const entry = [...at, '*']
  return [
    ...textsAt(spec, [...entry, 'requestPrincipal']).flatMap(({ path, text }) => ofRequestPrincipal(path, text)),
    ...textsAt(spec, [...entry, 'issuer']).flatMap(({ path, text }) => ofWhole(path, text, FOR_ISSUERS)),
    ...textsAt(spec, [...entry, 'group']).flatMap(({ path, text }) => ofWhole(path, text, FOR_GROUPS)),
    ...valuesAt(spec, [...entry, 'claims']).flatMap(({ path, value }) => ofClaims(path, value)),
  ]
}

const FOR_ISSUERS = 'write requestPrincipal: "<issuer>/*" for everybody of an issuer, "*" for everybody with a token'
const FOR_GROUPS = 'write one entry for each group'
const FOR_CLAIMS = 'write one entry for each value'

function ofRequestPrincipal(path: Path, text: string): Mistake[] {
  if (!ISSUER_ALONE.test(text)) return []
  const issuer = text.replace(/\/$/, '')
  return [
    remark(
      'matcher-never',
      path,
      text,
      'is an issuer without a subject',
      `write ${quote(`${issuer}/*`)} for everybody of it`,
    ),
  ]
}

function ofWhole(path: Path, text: string, hint: string): Mistake[] {
  return text.includes('*') ? [remark('matcher-literal', path, text, COMPARED_WHOLE, hint)] : []
}

function ofClaims(path: Path, claims: Json): Mistake[] {
  if (!isJsonObject(claims)) return []
  return Object.entries(claims).flatMap(([name, value]) =>
    typeof value === 'string' ? ofClaim([...path, name], name, value) : [],
  )
}

function ofClaim(path: Path, name: string, value: string): Mistake[] {
  if (value.includes('*')) return ofWhole(path, value, FOR_CLAIMS)
  if (SPACE_DELIMITED.has(name)) {
    const hint =
      'a token whose scopes stand in one text matches only when it has this one alone; ask for a claim that is a list'
    return [told(remark('matcher-literal', path, value, 'is compared with the whole text, blanks and all', hint))]
  }
  if (!NO_TEXT.test(value)) return []
  const hint = 'where the token has a number, or true or false, ask for another claim'
  return [told(remark('matcher-literal', path, value, 'is compared with text alone', hint))]
}

/** Right for some tokens, and nobody can say here for which. */
function told(mistake: Mistake): Mistake {
  return { ...mistake, severity: 'info' }
}

function remark(code: string, path: Path, text: string, reason: string, hint: string): Mistake {
  const place = ['spec', ...path]
  return { severity: 'warning', code, message: `${spellPath(place)} ${quote(text)} ${reason}`, hint, path: place }
}
