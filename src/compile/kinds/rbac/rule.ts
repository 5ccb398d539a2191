/**
 * One rule of a role -> what it grants on NATS subjects. Pure.
 * Only a rule that names our API group speaks of subjects: `apiGroups: ["*"]`, which cluster-admin has in every cluster, does
 * not. Rules on anything else are left alone, however odd they are.
 */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../../lib/json.ts'
import { parsePattern, type Pattern } from '../../../subject/index.ts'
import { withHint, type Mistake } from '../../mistake.ts'
import { quote, spellPath, type Path } from '../../../lib/spell.ts'
import { didYouMean, nearest } from '../../../lib/nearest.ts'
import { schemaMistakes } from '../../schema-mistakes.ts'
import { isList, textsAt, valueAt } from '../../source-object.ts'
import { pattern } from '../../values/pattern.ts'
import { API_GROUP } from '../kind.ts'
import { ANY, isOurWord, mentionsUs, SUBJECTS } from './rbac-group.ts'

export type RbacVerb = 'publish' | 'subscribe'

export interface SubjectsRule {
  /** Errors among them: then nothing of the role is granted. */
  readonly mistakes: readonly Mistake[]
  /** Both empty when the rule grants nothing. */
  readonly verbs: readonly RbacVerb[]
  readonly patterns: readonly Pattern[]
}

/** Mistakes for what a pattern reaches without a waiver. */
export type Reach = (text: string, path: Path) => Mistake[]

const VERBS = ['publish', 'subscribe'] as const satisfies RbacVerb[]
const KNOWN_VERBS: ReadonlySet<string> = new Set([...VERBS, ANY])
const MAX_EDITS = 2

const texts = z.array(z.string())

/** Strict: a misspelt `resourceNames` must not leave a rule without names, which means every subject. */
const rule = z.strictObject({
  apiGroups: texts,
  resources: texts,
  verbs: texts.min(1),
  resourceNames: z.array(pattern).nullish(),
  nonResourceURLs: texts.nullish(),
})

/** As messages find the names of fields in it. */
const documentOfRules = z.object({ rules: z.array(rule) })

const EVERY_SUBJECT = [parsePattern('>')].flatMap((parsed) => (parsed.ok ? [parsed.value] : []))

/** @returns `undefined` for a rule that does not speak of subjects. */
export function readRule(document: Json, path: Path, reach: Reach): SubjectsRule | undefined {
  const written = valueAt(document, path)
  if (!speaksOfSubjects(written)) return undefined
  const parsed = rule.safeParse(written)
  const names = textsAt(written, ['resourceNames', '*']).flatMap(({ path: within, text }) =>
    nameMistakes(text, [...path, ...within], reach),
  )
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
    return { mistakes: [...schemaMistakes(documentOfRules, document, issues), ...names], verbs: [], patterns: [] }
  }
  const { apiGroups, resources, verbs, resourceNames } = parsed.data
  const mistakes = [
    ...groupMistakes(apiGroups, path),
    ...resourceMistakes(resources, path),
    ...verbMistakes(verbs, resources, path),
  ]
  const granted = VERBS.filter((verb) => verbs.includes(verb) || verbs.includes(ANY))
  const isOurs =
    apiGroups.includes(API_GROUP) && resources.some((resource) => resource === SUBJECTS || resource === ANY)
  if (!isOurs || granted.length === 0) return { mistakes, verbs: [], patterns: [] }
  if (resourceNames === null || resourceNames === undefined || resourceNames.length === 0) {
    return { mistakes: [...mistakes, ...everySubjectMistakes(path, reach)], verbs: granted, patterns: EVERY_SUBJECT }
  }
  return { mistakes: [...mistakes, ...names], verbs: granted, patterns: resourceNames }
}

/** Whether Kubernetes takes the rule to allow subjects although it does not name our API group. */
export function allowsByAnyGroup(written: Json): boolean {
  const { apiGroups, resources, verbs } = isJsonObject(written) ? written : {}
  return (
    textsIn(apiGroups).includes(ANY) &&
    textsIn(resources).some((resource) => resource === SUBJECTS || resource === ANY) &&
    textsIn(verbs).some((verb) => KNOWN_VERBS.has(verb))
  )
}

/** What a person may have meant for us counts, so that a slip of the pen is told; roles for documents of our group do not. */
function speaksOfSubjects(written: Json | undefined): boolean {
  if (!isJsonObject(written) || !mentionsUs(written)) return false
  const { apiGroups, resources, verbs } = written
  if (apiGroups !== undefined && !textsIn(apiGroups).some(isOurWord)) return false
  if (resources === undefined) return true
  const names = textsIn(resources)
  if (names.some(meansSubjects)) return true
  if (!names.includes(ANY)) return names.length === 0
  return (
    verbs === undefined || textsIn(verbs).some((verb) => verb === ANY || nearest(verb, VERBS, MAX_EDITS) !== undefined)
  )
}

function meansSubjects(resource: string): boolean {
  const [name = ''] = resource.split('/')
  return nearest(name, [SUBJECTS], MAX_EDITS) !== undefined
}

/** A text where a list belongs counts as a list of one. */
function textsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value]
  return isList(value) ? value.filter((item) => typeof item === 'string') : []
}

function groupMistakes(apiGroups: readonly string[], path: Path): Mistake[] {
  return apiGroups.flatMap((group, index): Mistake[] => {
    if (group === API_GROUP || !isOurWord(group)) return []
    const at = [...path, 'apiGroups', index]
    const message = `${spellPath(at)} ${quote(group)} is no API group of ours, so it grants no subjects`
    return [{ severity: 'warning', code: 'api-group-unknown', message, hint: `write ${API_GROUP}`, path: at }]
  })
}

function resourceMistakes(resources: readonly string[], path: Path): Mistake[] {
  return resources.flatMap((resource, index): Mistake[] => {
    if (resource === SUBJECTS || !meansSubjects(resource)) return []
    const at = [...path, 'resources', index]
    const message = `${spellPath(at)} ${quote(resource)} grants nothing, expected ${SUBJECTS}`
    const hint = resource.includes('/') ? 'subjects have no subresources' : didYouMean(resource, [SUBJECTS])
    return [withHint({ severity: 'warning', code: 'resource-unknown', message, path: at }, hint)]
  })
}

/** Beside other resources of our group, verbs of Kubernetes are at home. */
function verbMistakes(verbs: readonly string[], resources: readonly string[], path: Path): Mistake[] {
  const isForSubjectsAlone = resources.every(meansSubjects)
  return verbs.flatMap((verb, index): Mistake[] => {
    if (KNOWN_VERBS.has(verb)) return []
    const meant = nearest(verb, VERBS, MAX_EDITS)
    if (!isForSubjectsAlone && meant === undefined) return []
    const at = [...path, 'verbs', index]
    const message = `${spellPath(at)} ${quote(verb)} grants nothing on subjects, expected publish, subscribe or *`
    const hint = meant === undefined ? HINTS.get(verb) : `did you mean "${meant}"?`
    return [withHint({ severity: 'warning', code: 'verb-unknown', message, path: at }, hint)]
  })
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['request', 'RBAC grants to publish only; a SubjectPolicy can grant request, which brings the inbox for answers'],
  ['respond', 'RBAC grants to subscribe only; a SubjectPolicy can grant respond, which allows the answers'],
])

function everySubjectMistakes(path: Path, reach: Reach): Mistake[] {
  return reach('>', path).map((mistake) => ({
    ...mistake,
    message: `${spellPath(path)} has no resourceNames, so it means every subject: ${reachOf(mistake)}`,
    hint: `list the subjects in resourceNames, ${waiverOf(mistake)}`,
  }))
}

/** The end of a message of `reach.ts`: `reaches …`. */
function reachOf({ message }: Mistake): string {
  return message.slice(message.indexOf('reaches '))
}

function waiverOf({ hint = '' }: Mistake): string {
  return hint.slice(hint.indexOf('or waive'))
}

/** In NATS `*` is one token; where RBAC is read, people mean everything by it. */
function nameMistakes(text: string, path: Path, reach: Reach): Mistake[] {
  const reached = reach(text, path)
  if (text !== ANY || reached.length > 0) return reached
  const message = `${spellPath(path)} "*" means subjects of one token only, as in NATS`
  const hint = 'for every subject leave resourceNames out; for all below a token write token.>'
  return [{ severity: 'warning', code: 'star-is-one-token', message, hint, path }]
}
