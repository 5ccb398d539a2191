/** One object of ours -> its rules and its diagnostics. Pure. All its mistakes at once; rules only when it has none. */
import { isJsonObject, type Json } from '../lib/json.ts'
import type { Steps } from '../lib/steps.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Origin } from '../policy/origin.ts'
import { API_GROUP, type KnownAccounts, type OriginAt, type PolicyDocument, type PolicyKind } from './kinds/kind.ts'
import { readWaivers, unusedWaivers } from './metadata.ts'
import type { Mistake } from './mistake.ts'
import { spellPath, type Path } from '../lib/spell.ts'
import { placeMistake } from './place-mistake.ts'
import { checkReach } from './reach.ts'
import { valueAt, type SourceObject } from './source-object.ts'

/** Where kubectl puts an object that names no namespace, unless its context names one. */
export const DEFAULT_NAMESPACE = 'default'
const MAX_MISTAKES = 100

export function* readDocument(kind: PolicyKind, object: SourceObject, accounts: KnownAccounts): Steps<PolicyDocument> {
  const waivers = readWaivers(object.value)
  const used = new Set<string>()
  const parsed = kind.read(object.value)
  yield
  const spec = valueAt(object.value, ['spec'])
  const reach = (text: string, path: Path): Mistake[] => checkReach(text, path, waivers.waived, used)
  const mistakes = [
    ...object.mistakes,
    ...withoutShadows(parsed.mistakes, object.mistakes),
    ...checkScope(kind, object.value),
    ...waivers.mistakes,
    ...(spec === undefined ? [] : kind.check(spec, { ...accounts, reach })),
  ]
  yield
  const errors = mistakes.filter(isError)
  const others = mistakes.filter((mistake) => !isError(mistake))
  const broken = errors.length > 0
  if (!broken) others.push(...unusedWaivers(waivers, used))
  const identity = identityOf(kind, object.value)
  return {
    kind,
    object,
    ...identity,
    diagnostics: [...errors, ...others]
      .slice(0, MAX_MISTAKES)
      .map((mistake) => diagnose(object, mistake, kind, identity)),
    ...(broken || parsed.rules === undefined ? {} : { rules: parsed.rules(originsOf(kind, object, identity)) }),
  }
}

/** A mistake with its place and, when it is known, the document it is in. */
export function diagnose(
  object: SourceObject,
  mistake: Mistake,
  kind?: Pick<PolicyKind, 'kind' | 'ruleList'>,
  identity: { readonly namespace?: string; readonly name?: string } = {},
): Diagnostic {
  const [, list, rule] = mistake.path
  return {
    ...placeMistake(object, mistake),
    ...(kind === undefined ? {} : { kind: kind.kind }),
    ...identity,
    ...(kind?.ruleList !== undefined && list === kind.ruleList && typeof rule === 'number' ? { rule } : {}),
  }
}

/** What the text lost is missing from the value: a second mistake there would only be the shadow of the first. */
function withoutShadows(mistakes: readonly Mistake[], lost: readonly Mistake[]): Mistake[] {
  const places = new Set(lost.filter(({ code }) => code !== 'duplicate-key').map(({ path }) => spellPath(path)))
  return mistakes.filter(({ path }) => !places.has(spellPath(path)))
}

function isError({ severity = 'error' }: Mistake): boolean {
  return severity === 'error'
}

function checkScope(kind: PolicyKind, document: Json): Mistake[] {
  const metadata = valueAt(document, ['metadata'])
  // Whether objects of others stand where they should is for their own tools to say.
  if (kind.group !== API_GROUP || !isJsonObject(metadata)) return []
  const written = metadata['namespace']
  const names = typeof written === 'string' && written !== ''
  if (kind.scope === 'Cluster') {
    const message = `${kind.kind} belongs to the cluster and takes no metadata.namespace`
    const path = ['metadata', 'namespace']
    return names ? [{ code: 'namespace-not-allowed', message, hint: 'remove it', path, atKey: true }] : []
  }
  if (names || (written !== undefined && written !== null && written !== '')) return []
  const message = `metadata.namespace is missing, read as "${DEFAULT_NAMESPACE}"`
  const hint = 'as kubectl does; write it out to be clear'
  return [{ severity: 'info', code: 'namespace-defaulted', message, hint, path: ['metadata'], atKey: true }]
}

function identityOf(kind: PolicyKind, document: Json): { namespace?: string; name?: string } {
  const name = valueAt(document, ['metadata', 'name'])
  const namespace = valueAt(document, ['metadata', 'namespace'])
  const own = typeof namespace === 'string' && namespace !== '' ? namespace : DEFAULT_NAMESPACE
  return {
    ...(kind.scope === 'Cluster' ? {} : { namespace: own }),
    ...(typeof name === 'string' ? { name } : {}),
  }
}

function originsOf(
  kind: PolicyKind,
  object: SourceObject,
  { namespace, name = '' }: { readonly namespace?: string; readonly name?: string },
): OriginAt {
  return (path, rule): Origin => {
    const line = object.locate(path, false)?.line
    return {
      kind: kind.kind,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      ...(rule === undefined ? {} : { rule }),
      ...(object.file === undefined ? {} : { file: object.file }),
      ...(line === undefined ? {} : { line }),
    }
  }
}
