/** What several commands say in the same words. Pure. */
import type { Part } from '../audit/why.ts'
import type { Permissions } from '../policy/decision.ts'
import type { Origin } from '../policy/origin.ts'

/** `1 reply each, within 10 s`. */
export function repliesInWords({ max, ttl }: NonNullable<Permissions['resp']>): string {
  const replies = max < 0 ? 'any number of replies' : `${max} ${max === 1 ? 'reply' : 'replies'}`
  return `${replies} each${ttl < 0 ? '' : `, within ${ttl / 1e9} s`}`
}

/** `policy/orders.yaml:15`; empty when it is not known. */
export function placeOf({ file, line }: Pick<Origin, 'file' | 'line'>): string {
  return file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}`
}

const PARTS = {
  account: 'lives in',
  deny: 'denied by',
  allow: 'allowed by',
  except: 'left out by',
  ceiling: 'capped by',
  'needs-ceiling': 'without ceiling',
  'other-account': 'other account',
  others: 'others only',
} as const satisfies Record<Part, string>

/** What a rule did, in front of its name. */
export function partInWords(part: Part): string {
  return PARTS[part]
}
