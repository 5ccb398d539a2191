/** What Istio's validation says of single values: pkg/config/security of release-1.31. Pure. */
import { quote, spellPath, type Path } from '../lib/spell.ts'
import { parseCidr } from './ip.ts'
import type { MistakeList } from './mistake.ts'
import { hasBraces, isTemplate, templateProblem } from './path-template.ts'

export type Check = (values: readonly string[], path: Path, refused: MistakeList) => void

const NO_DIGIT = /\D/
const MAX_PORT = 65_535
const MAX_SERVICE_ACCOUNTS = 16
const MAX_SERVICE_ACCOUNT = 320

/** @returns the number, `undefined` when Istio takes the text for no port. */
export function parsePort(text: string): number | undefined {
  const port = text === '' || NO_DIGIT.test(text) ? Infinity : Number(text)
  return port <= MAX_PORT ? port : undefined
}

export const checkTexts: Check = (values, path, refused) => {
  for (const [index, value] of values.entries()) if (value === '') emptyText([...path, index], refused)
}

export const checkPorts: Check = (values, path, refused) => {
  for (const [index, value] of values.entries()) {
    if (parsePort(value) !== undefined) continue
    const message = `${spellPath([...path, index])} is ${quote(value)}, expected a port from 0 to ${MAX_PORT}`
    refused.error('port-invalid', [...path, index], message)
  }
}

export const checkIps: Check = (values, path, refused) => {
  for (const [index, value] of values.entries()) {
    if (parseCidr(value) !== undefined) continue
    const place = [...path, index]
    const message = `${spellPath(place)} is ${quote(value)}, expected an IP address or a block such as 10.0.0.0/8`
    refused.error('ip-invalid', place, message, value.includes('$') ? 'a template was not filled in' : undefined)
  }
}

export const checkServiceAccounts: Check = (values, path, refused) => {
  if (values.length > MAX_SERVICE_ACCOUNTS) {
    const message = `${spellPath(path)} has ${values.length} values, expected at most ${MAX_SERVICE_ACCOUNTS}`
    refused.error('too-many', path, message, 'split them over several sources')
  }
  for (const [index, value] of values.entries()) {
    const place = [...path, index]
    const parts = value.split('/')
    if (value === '') emptyText(place, refused)
    else if (value.includes('*')) {
      const message = `${spellPath(place)} is ${quote(value)}, and a ServiceAccount has no wildcards`
      refused.error('service-account-invalid', place, message, 'principals and namespaces have them')
    } else if (parts.length > 2 || parts.includes('') || value.length > MAX_SERVICE_ACCOUNT) {
      const message = `${spellPath(place)} is ${quote(value)}, expected <namespace>/<name>, or <name> in the policy's namespace`
      refused.error('service-account-invalid', place, message)
    }
  }
}

/** One star at most, first or last. */
export const checkWildcards: Check = (values, path, refused) => {
  checkTexts(values, path, refused)
  for (const [index, value] of values.entries()) {
    const stars = value.split('*').length - 1
    if (stars === 0 || (stars === 1 && (value.startsWith('*') || value.endsWith('*')))) continue
    const message = `${spellPath([...path, index])} is ${quote(value)}, expected one "*" at most, first or last`
    refused.error('wildcard-invalid', [...path, index], message)
  }
}

export const checkTrustDomains: Check = (values, path, refused) => {
  checkWildcards(values, path, refused)
  for (const [index, value] of values.entries()) {
    if (!value.includes('/')) continue
    const message = `${spellPath([...path, index])} is ${quote(value)}, and a trust domain has no "/"`
    refused.error('trust-domain-invalid', [...path, index], message, 'principals take whole identities')
  }
}

/** The code `path-template-invalid` stands for what Envoy would refuse as well: a policy that cannot be put in force. */
export const checkPaths: Check = (values, path, refused) => {
  checkTexts(values, path, refused)
  for (const [index, value] of values.entries()) {
    const place = [...path, index]
    if (isTemplate(value)) {
      const problem = templateProblem(value)
      if (problem === undefined) continue
      refused.error('path-template-invalid', place, `the path template ${quote(value)} ${problem}`)
    } else if (hasBraces(value)) {
      const message = `the path ${quote(value)} has "{" or "}", expected {*} or {**} as whole segments, or none`
      refused.error('path-invalid', place, message, 'Istio knows no named variables: write {*}')
    }
  }
}

function emptyText(path: Path, refused: MistakeList): void {
  refused.error(
    'empty-text',
    path,
    `${spellPath(path)} is empty, expected text`,
    'an absent attribute is not "" either: any value is "*", and none is "*" where the field begins with not',
  )
}
