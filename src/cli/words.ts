/** What several commands say in the same words. Pure. */
import type { Part } from '../audit/why.ts'
import type { Permissions } from '../policy/decision.ts'
import type { Limits } from '../policy/model.ts'
import type { Origin } from '../policy/origin.ts'

/** `1 reply each, within 10 s`. */
export function repliesInWords({ max, ttl }: NonNullable<Permissions['resp']>): string {
  const replies = max < 0 ? 'any number of replies' : `${max} ${max === 1 ? 'reply' : 'replies'}`
  return `${replies} each${ttl < 0 ? '' : `, within ${ttl / 1e9} s`}`
}

/** `sessions of at most 600 s`, `connections over nats, websocket`; nothing where nothing is limited. */
export function limitsInWords({ maxSessionSeconds, connectionTypes }: Limits): string[] {
  return [
    ...(maxSessionSeconds === undefined ? [] : [`sessions of at most ${maxSessionSeconds} s`]),
    ...(connectionTypes === undefined
      ? []
      : [`connections over ${connectionTypes.join(', ') || 'nothing: every login is refused'}`]),
  ]
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

/** Behind an entry that no rule is behind. */
export function ruleless(effect: 'allow' | 'deny', entry: string): string {
  if (effect === 'allow') return 'own inbox'
  return entry === '>' ? 'nothing is granted' : 'guard of the list'
}
