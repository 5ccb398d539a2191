/**
 * A ValidatingAdmissionPolicy for what rules of a CustomResourceDefinition cannot see: annotations, and so the reaches that a document
 * waives by name, and fields that are null. Pure. `src/compile/reach.ts` and `src/compile/metadata.ts` have the first in full.
 */
import { API_GROUP } from '../kinds/kind.ts'
import { ADVICE, REACHES, TERRITORIES, WAIVE_ANNOTATION, waiverAdvice, type Reach } from '../reach.ts'
import { LINT_CODES } from '../waivable.ts'
import { customResourceDefinitions, LABELS, type CustomResourceDefinition } from './definitions.ts'
import { noNull } from './no-null.ts'
import type { StructuralSchema } from './structural.ts'

const NAME = `documents.${API_GROUP}`

/** The policy and its binding. */
export function admissionPolicy(): readonly object[] {
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: NAME, labels: LABELS },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [API_GROUP],
              apiVersions: ['*'],
              operations: ['CREATE', 'UPDATE'],
              resources: [...customResourceDefinitions().keys()],
            },
          ],
        },
        // What is on its way out must be able to go.
        matchConditions: [{ name: 'stays', expression: '!has(object.metadata.deletionTimestamp)' }],
        variables: Object.entries(variables()).map(([name, expression]) => ({ name, expression })),
        // The first that fails is told, and with a null in it the others cannot be asked.
        validations: [...nullValidations(), ...annotationValidations(), ...REACHES.map(reachValidation)],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: NAME, labels: LABELS },
      spec: { policyName: NAME, validationActions: ['Deny'] },
    },
  ]
}

function variables(): Readonly<Record<string, string>> {
  return {
    annotations: 'object.metadata.?annotations.orValue({})',
    waived: `variables.annotations[?'${WAIVE_ANNOTATION}'].optMap(text, text.split(',').map(name, name.trim())).orValue([])`,
    waivable: `[${[...REACHES, ...LINT_CODES].map((name) => `'${name}'`).join(', ')}]`,
    // A DENY may reach whatever it likes.
    grants: `object.kind == 'SubjectPolicy' && object.spec.?action.orValue('ALLOW') != 'DENY' ? object.spec.?grants.orValue([]) : []`,
    granted: `variables.grants.map(grant, ${WRITTEN.join(' + ')})`,
    ceiling: `object.kind == 'SubjectCeiling' ? object.spec.publish + object.spec.subscribe : []`,
    routed: `object.kind == 'SubjectRoute' ? object.spec.routes.map(route, route.subject) : []`,
    patterns: 'variables.granted + [variables.ceiling + variables.routed]',
    ...Object.fromEntries(REACHES.map((reach) => [variableOf(reach), reaching(reach)])),
  }
}

/** Where people write patterns in a grant. */
const WRITTEN = [
  'grant.?publish',
  'grant.?subscribe',
  'grant.?request',
  'grant.?respond',
  'grant.?jetstream.?publish',
  'grant.?jetstream.?consume.?deliver.optMap(one, [one])',
  'grant.?service.?host.?endpoints',
  'grant.?service.?call',
].map((list) => `${list}.orValue([])`)

function variableOf(reach: string): string {
  return reach.replace('reach-', '')
}

/** Lists of the patterns that reach there, none of them empty. What begins with a wildcard or a variable reaches everywhere. */
function reaching(reach: Reach): string {
  const isVariable = `object.kind == 'SubjectRoute' && pattern.startsWith('{')`
  return `variables.patterns.map(list, list.filter(pattern, ${isWild('pattern')} || ${isVariable} || ${owns(reach)})).filter(list, list.size() > 0)`
}

function isWild(pattern: string): string {
  return `${pattern}.startsWith('*') || ${pattern}.startsWith('>')`
}

function owns(reach: Reach): string {
  if (reach === 'reach-inbox') return `pattern.startsWith('_INBOX')`
  return Object.keys(TERRITORIES[reach]).map(isBelow).join(' || ')
}

/** In the words of compile. */
function reachValidation(reach: Reach) {
  const found = `variables.${variableOf(reach)}`
  const pattern = `${found}[0][0]`
  const names = Object.entries(TERRITORIES[reach])
  const [[, usual] = ['', reach], ...others] = names
  const name = others.reduce(
    (rest, [first, words]) => `${pattern}.startsWith('${first}') ? ${celText(words)} : ${rest}`,
    celText(usual),
  )
  const isOpen = `${isWild(pattern)} || ${pattern}.startsWith('{')`
  const advice = `${pattern} == '*' ? ${celText(ADVICE.star)} : ${isOpen} ? ${celText(ADVICE.wildcard)} : ${celText(ADVICE[reach])}`
  return {
    expression: `'${reach}' in variables.waived || ${found}.size() == 0`,
    messageExpression: `'"' + ${pattern} + '" reaches ' + (${name}) + ': ' + (${advice}) + ${celText(`, ${waiverAdvice(reach)}`)}`,
    reason: 'Invalid',
  }
}

function celText(text: string): string {
  return JSON.stringify(text)
}

function annotationValidations() {
  const isUnknown = `name.startsWith('${API_GROUP}/') && name != '${WAIVE_ANNOTATION}'`
  return [
    {
      expression: `!variables.annotations.exists(name, ${isUnknown})`,
      messageExpression: `'unknown annotation ' + variables.annotations.filter(name, ${isUnknown})[0] + ', expected ${WAIVE_ANNOTATION}'`,
      reason: 'Invalid',
    },
    {
      expression: 'variables.waived.all(name, name in variables.waivable)',
      messageExpression: `'unknown waiver "' + variables.waived.filter(name, !(name in variables.waivable))[0] + '", expected ${REACHES.join(', ')} or a code of nib lint'`,
      reason: 'Invalid',
    },
  ]
}

function nullValidations() {
  return [...customResourceDefinitions().values()].map(({ spec }) => ({
    expression: `object.kind != '${spec.names.kind}' || ${noNull(specOf(spec), 'object.spec')}`,
    message: 'a field is null: give it a value, or leave it out',
    reason: 'Invalid',
  }))
}

function specOf({ versions: [{ schema }] }: CustomResourceDefinition['spec']): StructuralSchema {
  return schema.openAPIV3Schema.properties?.['spec'] ?? { type: 'object' }
}

function isBelow(first: string): string {
  return `pattern == '${first}' || pattern.startsWith('${first}.')`
}
