/**
 * Tells from `apiVersion` and `kind` whether an object is one that we read, ours or of another API group, and which kind. Pure.
 * What is plainly somebody else's is left alone. What could be meant for us and cannot be told is an error: it may be a DENY.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { familyGroupsOf, familyKindsOf, familyOf, type FamilyEntry } from './kinds/families.ts'
import { API_GROUP, API_VERSION, type PolicyKind } from './kinds/kind.ts'
import { kindNamesOf, kindOf } from './kinds/kinds.ts'
import { withHint, type Mistake } from './mistake.ts'
import { describeValue, listChoices, quote } from '../lib/spell.ts'
import { MERGE_KEY } from './merge-key.ts'
import { misspeltPolicy } from './misspelt-policy.ts'
import { didYouMean, nearest } from '../lib/nearest.ts'
import { isList, itemsOf, type SourceObject } from './source-object.ts'

export type Envelope =
  | { readonly is: 'known'; readonly kind: PolicyKind }
  /** Of another API group, to be read with the others of its family. */
  | { readonly is: 'member'; readonly entry: FamilyEntry }
  | { readonly is: 'list'; readonly items: readonly SourceObject[] }
  | { readonly is: 'foreign' }
  /** Foreign, but its author should know. */
  | { readonly is: 'ignored'; readonly mistake: Mistake }
  | { readonly is: 'unclear'; readonly mistake: Mistake }

const KIND_NAMES = kindNamesOf(API_GROUP)

/** Words that an object of ours, however damaged, would most likely still have in it. */
const OUR_WORDS = new RegExp([API_GROUP.replace('.dev', ''), ...KIND_NAMES].join('|'), 'i')
const ENVELOPE_FIELDS: ReadonlySet<string> = new Set(['apiversion', 'kind', 'metadata', 'spec', MERGE_KEY])
/** Of our group, read elsewhere: a folder may hold the configuration and tests beside the policies. */
const OTHER_KINDS: ReadonlySet<string> = new Set(['BridgeConfig', 'PolicyTest'])
const MAX_GROUP_EDITS = 4
const MAX_KIND_EDITS = 2

export function readEnvelope(object: SourceObject): Envelope {
  const { value, mistakes } = object
  if (!isJsonObject(value)) return readStray(value, mistakes)
  const lost = mistakes.find(
    ({ path: [field, ...rest] }) => rest.length === 0 && (field === 'apiVersion' || field === 'kind'),
  )
  if (lost !== undefined) return { is: 'unclear', mistake: lost }
  const { apiVersion, kind } = value
  const misspelt = misspeltPolicy(value)
  if (misspelt !== undefined) return { is: misspelt.severity === undefined ? 'unclear' : 'ignored', mistake: misspelt }
  if (apiVersion === undefined) return readWithoutVersion(value, kind)
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return unclear('api-version-invalid', `apiVersion is ${describeValue(apiVersion)}, expected text`, 'apiVersion')
  }
  if (apiVersion === 'v1' && kind === 'List') return readList(object, value)
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  if (group === API_GROUP) return readOurs(object, value, kind)
  const version = apiVersion.slice(slash + 1)
  return (
    readOfOthers(object, value, { group, version, kind }) ??
    readMember(object, value, group) ??
    readForeign(apiVersion, group, kind)
  )
}

function readOurs(object: SourceObject, value: JsonObject, kind: Json | undefined): Envelope {
  if (typeof kind !== 'string') {
    const code = kind === undefined ? 'missing-field' : 'wrong-type'
    return unclear(code, `kind is ${describeValue(kind)}, expected ${listChoices(KIND_NAMES)}`, 'kind')
  }
  if (OTHER_KINDS.has(kind)) return { is: 'foreign' }
  const known = kindOf(API_GROUP, kind)
  if (known !== undefined) return { is: 'known', kind: known }
  if (isListOf(API_GROUP, kind)) return readList(object, value)
  const message = `unknown kind ${quote(kind)} in ${API_GROUP}, expected ${listChoices(KIND_NAMES)}`
  return unclear('kind-unknown', message, 'kind', didYouMean(kind, KIND_NAMES))
}

interface Named {
  readonly group: string
  readonly version: string
  readonly kind: Json | undefined
}

/** A kind of another group that is read here; `undefined` when it is none. */
function readOfOthers(object: SourceObject, value: JsonObject, { group, version, kind }: Named): Envelope | undefined {
  const names = kindNamesOf(group)
  if (names.length === 0 || typeof kind !== 'string') return undefined
  const known = kindOf(group, kind)
  if (known === undefined && isListOf(group, kind)) return readList(object, value)
  if (known === undefined) return undefined
  if (known.versions.includes(version)) return { is: 'known', kind: known }
  const expected = listChoices(known.versions.map((accepted) => (group === '' ? accepted : `${group}/${accepted}`)))
  const message = `unknown apiVersion of ${kind}: ${quote(version)}, expected ${expected}`
  return unclear('api-version-unknown', message, 'apiVersion')
}

function isListOf(group: string, kind: string): boolean {
  return kind.endsWith('List') && kindOf(group, kind.slice(0, -'List'.length)) !== undefined
}

/** Whatever its version: its family says which ones it reads, once it knows that the document matters. */
function readMember(object: SourceObject, value: JsonObject, group: string): Envelope | undefined {
  const { kind } = value
  if (typeof kind !== 'string') return undefined
  const entry = familyOf(group, kind)
  if (entry !== undefined) return { is: 'member', entry }
  if (kind.endsWith('List') && familyOf(group, kind.slice(0, -'List'.length)) !== undefined)
    return readList(object, value)
  const meant = nearest(kind, familyKindsOf(group), MAX_KIND_EDITS)
  if (meant === undefined) return undefined
  const message = `unknown kind ${quote(kind)} in ${group === '' ? 'the core group' : group}, so it was ignored`
  return ignored('kind-unknown', message, `did you mean "${meant}"?`)
}

/** Another group; but a slip of the pen in ours must not make a policy disappear. */
function readForeign(apiVersion: string, group: string, kind: Json | undefined): Envelope {
  const meant = typeof kind === 'string' ? nearest(kind, KIND_NAMES, 2) : undefined
  const groupMeant = OUR_WORDS.test(group) || nearest(group, [API_GROUP], MAX_GROUP_EDITS) !== undefined
  if (groupMeant || (meant !== undefined && (group === '' || group.startsWith('v1')))) {
    const message = `unknown apiVersion ${quote(apiVersion)}, expected ${API_VERSION}`
    return unclear('api-version-unknown', message, 'apiVersion', `did you mean "${API_VERSION}"?`)
  }
  if (typeof kind !== 'string') return { is: 'foreign' }
  const family = nearest(group === '' ? apiVersion : group, familyGroupsOf(kind), MAX_GROUP_EDITS)
  if (family !== undefined) {
    const message = `unknown apiVersion of ${kind}: ${quote(apiVersion)}, so it was ignored`
    return ignored('api-version-unknown', message, `did you mean the API group "${family}"?`)
  }
  if (kindOf(API_GROUP, kind) === undefined) return { is: 'foreign' }
  const message = `${kind} of the API group ${quote(group)} is not ours and was ignored`
  return ignored('kind-foreign', message, `ours has apiVersion: ${API_VERSION}`)
}

function readWithoutVersion(value: JsonObject, kind: Json | undefined): Envelope {
  const named = typeof kind === 'string' && !OUR_WORDS.test(kind) && nearest(kind, KIND_NAMES) === undefined
  const shaped = Object.keys(value).some((field) => ENVELOPE_FIELDS.has(field.toLowerCase()))
  if (!named && (shaped || OUR_WORDS.test(JSON.stringify(value)))) {
    const field = Object.keys(value).find((key) => nearest(key, ['apiVersion']) !== undefined)
    const hint = field === undefined ? `begin it with apiVersion: ${API_VERSION}` : `did you mean "apiVersion"?`
    return unclear(
      'missing-field',
      `the document has no apiVersion, so its kind cannot be told`,
      field ?? 'apiVersion',
      hint,
    )
  }
  return ignored(
    'not-kubernetes',
    'the document has no apiVersion and was ignored',
    'keep other files in another folder',
  )
}

/** A document that is text or a list at its top. */
function readStray(value: Json, mistakes: readonly Mistake[]): Envelope {
  const [unread] = mistakes
  if (unread !== undefined) return { is: 'unclear', mistake: unread }
  const message = `the document is ${describeValue(value)}, expected an object with apiVersion and kind`
  const text = JSON.stringify(value)
  if (OUR_WORDS.test(text) || (typeof value === 'string' && /apiversion/i.test(value))) {
    return { is: 'unclear', mistake: { code: 'wrong-type', message, path: [] } }
  }
  return ignored('not-kubernetes', message, 'the document was ignored')
}

/** `kind: List`, as kubectl prints several objects: each item is a document of its own. */
function readList(list: SourceObject, { items }: JsonObject): Envelope {
  if (!isList(items)) {
    const code = items === undefined ? 'missing-field' : 'wrong-type'
    return unclear(code, `items is ${describeValue(items)}, expected a list`, 'items')
  }
  const stray = list.mistakes.find(({ path: [field, index] }) => field !== 'items' || index === undefined)
  if (stray !== undefined) return { is: 'unclear', mistake: stray }
  return { is: 'list', items: itemsOf(list, items) }
}

function unclear(code: string, message: string, field: string, hint?: string): Envelope {
  return { is: 'unclear', mistake: withHint({ code, message, path: [field] }, hint) }
}

function ignored(code: string, message: string, hint: string): Envelope {
  return { is: 'ignored', mistake: { severity: 'warning', code, message, hint, path: [] } }
}
