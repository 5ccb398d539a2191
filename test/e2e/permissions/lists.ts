/** Permission lists of every shape, also of those that no policy compiles to: empty, open, unguarded, crossing. */
import fc from 'fast-check'
import type { PermissionList, Permissions } from '../../../src/policy/decision.ts'
import { anyPattern } from '../../support/policy-arbitraries.ts'

const anyText = fc.oneof({ weight: 9, arbitrary: anyPattern.map(({ text }) => text) }, fc.constantFrom('*', '>'))

const anyQueue = fc.constantFrom('', '', '', ' q', ' v.*', ' v.1', ' *.1', ' >')

function anyList(anyEntry: fc.Arbitrary<string>): fc.Arbitrary<PermissionList> {
  return fc.record({
    allow: fc.uniqueArray(anyEntry, { maxLength: 4 }),
    deny: fc.uniqueArray(anyEntry, { maxLength: 3 }),
  })
}

/** Replies are not asked for here: `resp` is there for what it does to empty lists. */
export const anyPermissions: fc.Arbitrary<Permissions> = fc
  .tuple(anyList(anyText), anyList(fc.tuple(anyText, anyQueue).map((parts) => parts.join(''))), fc.boolean())
  .map(([pub, sub, replies]) => ({ pub, sub, ...(replies && { resp: { max: 1, ttl: -1 } }) }))

/** Full rights, written out. */
export const open: Permissions = { pub: { allow: ['>'], deny: [] }, sub: { allow: ['>'], deny: [] } }

/** Each beyond the alphabet of the others; some are no subjects at all. No queue is an empty one. */
export const oddSubscriptions: readonly (readonly [subject: string, queue: string])[] = [
  ['a.', ''],
  ['.a', ''],
  ['a..b', ''],
  ['a.>.b', ''],
  ['>.a', ''],
  ['a*', ''],
  ['a.b>', ''],
  ['**', ''],
  ['$SYS.a', ''],
  ['ä.ö', ''],
  ['a', '_sys_'],
  ['a', 'v.*'],
  ['a', '>'],
]

/** Wildcards and broken subjects, which no well-behaved client publishes. */
export const oddPublications: readonly (readonly [subject: string, allow: readonly string[]])[] = [
  ['a.*', ['a.b']],
  ['a.*', ['a.*']],
  ['a.>', ['a.*']],
  ['a.>', ['a.b']],
  ['*', ['a']],
  ['>', ['*']],
  ['>', ['a.>']],
  ['a..b', ['>']],
  ['a.', ['>']],
  ['.a', ['>']],
]
