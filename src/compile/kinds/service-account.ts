/**
 * ServiceAccount annotations `nats-identity-bridge.dev/publish` and `/subscribe`: what a workload asks for itself. Pure.
 * Whoever may edit the ServiceAccount writes them, so they are in force only under a ceiling that somebody else has set.
 */
import type { ServiceAccountRef } from '../../identity/spiffe-id.ts'
import { remember } from '../../lib/remember.ts'
import { z } from 'zod'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { CeilingRule, GrantRule } from '../../policy/model.ts'
import { overlapsAny, parsePattern, type Pattern } from '../../subject/index.ts'
import { ANNOTATIONS, hasOurAnnotation, metadata, readWaivers, unusedWaivers } from '../metadata.ts'
import { withHint, type Mistake } from '../mistake.ts'
import { describeValue, quote, spellPath, type Path } from '../../lib/spell.ts'
import { checkReach } from '../reach.ts'
import { schemaMistakes } from '../schema-mistakes.ts'
import { valueAt, type SourceObject } from '../source-object.ts'
import { hintForPattern } from '../values/pattern.ts'
import { doublesAmong } from './doubles.ts'
import { diagnoseMember, familyMember, isError, namespaceMistakes, originOf, type Family } from './family.ts'
import type { FamilyContext, FamilyKind, FamilyMember } from './family.ts'
import { API_GROUP } from './kind.ts'
import { serviceAccountPrincipal } from './namespace-account.ts'

const VERBS = ['publish', 'subscribe'] as const

type Verb = (typeof VERBS)[number]

const NAMES = VERBS.map((verb) => `${API_GROUP}/${verb}`)

const KIND: FamilyKind = { apiGroup: '', kind: 'ServiceAccount', scope: 'Namespaced' }

export const serviceAccount: Family = {
  kinds: [KIND],
  resolve: (members, context) => {
    const accounts = members.map(readAnnotations)
    const doubles = doublesAmong(accounts, ({ isAnnotated }) => isAnnotated)
    const kept = accounts.filter((one) => one.isAnnotated && !doubles.has(one))
    return {
      rules: [{ grants: kept.flatMap(({ grants }) => grants) }],
      diagnostics: accounts
        .filter(({ isAnnotated }) => isAnnotated)
        .flatMap((one) => {
          const double = doubles.get(one)
          const told = double === undefined ? underCeilings(one, context) : [double]
          return diagnoseMember(one.member, [...told, ...one.mistakes])
        }),
    }
  },
}

/** Whom the objects are, annotated or not; without a name, nobody. */
export function serviceAccountsOf(objects: readonly SourceObject[]): ServiceAccountRef[] {
  return objects.flatMap((object) => {
    const { namespace, name } = familyMember(KIND, object)
    return namespace === undefined || name === undefined ? [] : [{ namespace, name }]
  })
}

interface Annotated {
  readonly member: FamilyMember
  readonly isAnnotated: boolean
  /** Empty when the document has errors. */
  readonly asked: ReadonlyMap<Verb, readonly Pattern[]>
  readonly grants: readonly GrantRule[]
  readonly mistakes: readonly Mistake[]
}

/** The rest of a ServiceAccount says nothing to NATS. */
const document = z.looseObject({ apiVersion: z.literal('v1'), kind: z.string(), metadata })

const read = new WeakMap<SourceObject, Annotated>()

function readAnnotations(member: FamilyMember): Annotated {
  return remember(read, member.object, () => readAnew(member))
}

function readAnew(member: FamilyMember): Annotated {
  const { value, mistakes: lost } = member.object
  if (!hasOurAnnotation(value)) return { member, isAnnotated: false, asked: new Map(), grants: [], mistakes: [] }
  const waivers = readWaivers(value, NAMES)
  const used = new Set<string>()
  const parsed = document.safeParse(value)
  const mistakes = [
    ...lost,
    ...(parsed.success ? [] : schemaMistakes(document, value, parsed.error.issues)),
    ...waivers.mistakes,
  ]
  const asked = new Map<Verb, readonly Pattern[]>()
  for (const verb of VERBS) {
    const path = annotationPath(verb)
    const written = valueAt(value, path)
    if (typeof written !== 'string') continue
    const list = readList(written, path)
    mistakes.push(...list.mistakes)
    mistakes.push(...list.patterns.flatMap(({ text }) => checkReach(text, path, waivers.waived, used)))
    if (list.patterns.length > 0) asked.set(verb, list.patterns)
  }
  const isBroken = mistakes.some(isError)
  if (isBroken) return { member, isAnnotated: true, asked: new Map(), grants: [], mistakes }
  const others = [...namespaceMistakes(member), ...unusedWaivers(waivers, used)]
  return { member, isAnnotated: true, asked, grants: grantsOf(member, asked), mistakes: [...mistakes, ...others] }
}

function annotationPath(verb: Verb): Path {
  return [...ANNOTATIONS, `${API_GROUP}/${verb}`]
}

/** Patterns with commas between them, blanks around them as one likes. */
function readList(written: string, path: Path): { patterns: Pattern[]; mistakes: Mistake[] } {
  const patterns: Pattern[] = []
  const mistakes: Mistake[] = []
  for (const item of written.split(',').map((text) => text.trim())) {
    const parsed = parsePattern(item)
    if (parsed.ok) patterns.push(parsed.value)
    else mistakes.push(noPattern(item, parsed.error, written, path))
  }
  return { patterns, mistakes }
}

function noPattern(item: string, reason: string, written: string, path: Path): Mistake {
  const code = 'pattern-invalid'
  if (item !== '') {
    const message = `${spellPath(path)} holds ${quote(item)}, which is no subject pattern: ${reason}`
    return withHint({ code, message, path }, hintForPattern(item))
  }
  const message = `${spellPath(path)} is ${describeValue(written)}, expected patterns with one comma between them`
  return { code, message, hint: 'remove the extra comma, or the annotation', path }
}

function grantsOf(member: FamilyMember, asked: Annotated['asked']): GrantRule[] {
  const { namespace = '', name = '' } = member
  return [...asked].map(([verb, patterns]) => ({
    effect: 'allow',
    principals: [{ serviceAccount: { namespace, name } }],
    grant: { verb, patterns },
    needsCeiling: true,
    origin: originOf(member, annotationPath(verb)),
  }))
}

/** What the ceilings that are known leave of it. */
function underCeilings(
  { member, asked }: Annotated,
  { ceilings, hasUnreadCeilings, trustDomains }: FamilyContext,
): Mistake[] {
  const { namespace = '', name = '' } = member
  const principal = serviceAccountPrincipal(namespace, name, trustDomains)
  if (principal === undefined) return []
  // One of those may be meant, and says so itself.
  if (hasUnreadCeilings) return []
  const own = ceilings.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
  return [...asked].flatMap(([verb, patterns]) => {
    const path = annotationPath(verb)
    if (own.length > 0) return patterns.flatMap((pattern) => outside(pattern, verb, own, path))
    const message = `no SubjectCeiling matches ${namespace}/${name}, so ${spellPath(path)} grants nothing`
    const hint = 'an annotation counts only inside a SubjectCeiling that matches the ServiceAccount'
    return [{ severity: 'info', code: 'annotation-without-ceiling', message, hint, path, atKey: true }]
  })
}

function outside(pattern: Pattern, verb: Verb, ceilings: readonly CeilingRule[], path: Path): Mistake[] {
  if (ceilings.some((ceiling) => overlapsAny(ceiling[verb], pattern))) return []
  const message = `${spellPath(path)} ${quote(pattern.text)} lies outside every SubjectCeiling that matches, so it grants nothing`
  return [{ severity: 'info', code: 'annotation-outside-ceiling', message, path }]
}
