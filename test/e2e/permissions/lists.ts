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
export const anyPermissions: fc.Arbitrary<Permissions> = fc.record(
  {
    pub: anyList(anyText),
    sub: anyList(fc.tuple(anyText, anyQueue).map(([text, queue]) => `${text}${queue}`)),
    resp: fc.constant({ max: 1, ttl: -1 }),
  },
  { requiredKeys: ['pub', 'sub'] },
)
