/** A change, in one sentence of a person. Pure. */
import { canonicalJson } from '../../lib/json.ts'
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import type { Step } from './step.ts'
import type { AlsoGrants } from './trial.ts'

export interface Told {
  readonly steps: readonly Step[]
  readonly blockedBy: readonly Origin[]
  readonly alsoGrants: readonly AlsoGrants[]
}

const MOST_TOLD = 3

export function inWords({ steps, blockedBy, alsoGrants }: Told): string {
  const changes = steps.map(stepInWords).join(', and ')
  const owners = blockedBy.map(nameOrigin).join(' and ')
  const blocked = owners === '' ? '' : `${owners} denies it: whoever owns that must change it first`
  const besides = alsoGrants.length === 0 ? '' : `; that also grants ${besidesInWords(alsoGrants)}`
  if (changes === '') return blocked
  return `${blocked === '' ? '' : `${blocked}; then `}${changes}${besides}`
}

function stepInWords(step: Step): string {
  if (step.kind === 'new-document') return `write ${documentOf(step.origin)}, a new document`
  const added = typeof step.add === 'string' ? step.add : written(step.add)
  return `add ${added} to ${step.field} of ${documentOf(step.origin)}${placeOf(step.origin)}`
}

/** `serviceAccount: shop/orders`. */
function written(value: object | number | boolean | null): string {
  if (value === null || typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([field, text]) => `${field}: ${typeof text === 'string' ? text : canonicalJson(text)}`)
    .join(', ')
}

function documentOf({ kind, namespace, name }: Origin): string {
  return nameOrigin({ kind, name, ...(namespace === undefined ? {} : { namespace }) })
}

function placeOf({ file, line }: Origin): string {
  return file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`
}

function besidesInWords(alsoGrants: readonly AlsoGrants[]): string {
  const told = alsoGrants.slice(0, MOST_TOLD).map(({ principal, action, what, except = [] }) => {
    const right = [action, what].filter((part) => part !== undefined).join(' ')
    return `${right}${except.length === 0 ? '' : ` without ${except.join(', ')}`} to ${principal}`
  })
  const more = alsoGrants.length - told.length
  return `${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
