/** What holds for grants of any resources, whatever they are called. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Grant } from '../../src/policy/model.ts'
import { overlaps, type Pattern } from '../../src/subject/index.ts'
import { API_VERSION, compileText } from './support.ts'

/** Names that could be taken for parts of JetStream's own subjects, and ordinary ones. */
const word = fc.oneof(
  fc.constantFrom(
    'API',
    'ACK',
    'FC',
    'CONSUMER',
    'CREATE',
    'STREAM',
    'MSG',
    'NEXT',
    'GET',
    'PING',
    'C',
    'M',
    'KV_a',
    'OBJ_a',
  ),
  fc.string({ unit: fc.constantFrom('a', 'b', 'X', 'Y', '0', '1', '_', '-'), minLength: 1, maxLength: 6 }),
)
const domain = word.filter((name) => !['API', 'ACK', 'FC'].includes(name))

/** Everything that the grants can say of a resource, but for subjects that their author writes out. */
const resource = fc.record({ name: word, consumer: word, key: word }).chain(({ name, consumer, key }) =>
  fc.constantFrom(
    { of: `stream ${name}`, jetstream: { stream: name, consume: { consumer } } },
    { of: `stream ${name}`, jetstream: { stream: name, consume: { consumer, create: true, filter: `${key}.>` } } },
    { of: `stream ${name}`, jetstream: { stream: name, consume: { ordered: true, filter: key } } },
    {
      of: `stream ${name}`,
      jetstream: { stream: name, wholeStream: true, consume: { consumer: '*', create: true } },
    },
    { of: `stream ${name}`, jetstream: { stream: name, wholeStream: true, read: ['>'], admin: true } },
    {
      of: `stream KV_${name}`,
      kv: { bucket: name, read: [key, `${key}.>`], watch: [key], write: [key], admin: true },
    },
    { of: `stream KV_${name}`, kv: { bucket: name, read: ['>'], watch: ['>'], write: ['>'], wholeStream: true } },
    { of: `stream OBJ_${name}`, objectStore: { store: name, read: true, write: true, admin: true } },
  ),
)
const inDomain = fc.tuple(resource, fc.option(domain)).map(([one, name]) => {
  if (name === null) return { ...one, of: `${one.of}, here` }
  return JSON.parse(
    JSON.stringify({ ...one, of: `${one.of}, ${name}` }).replace(
      /:\{"(stream|bucket|store)"/,
      `:{"domain":"${name}","$1"`,
    ),
  ) as typeof one
})

/** Answered with numbers of the account, and no name. */
const SHARED = /^\$JS\.(?:[^.]+\.)?API\.INFO$/

test('a grant of one resource opens nothing of another', () => {
  fc.assert(
    fc.property(inDomain, inDomain, (one, other) => {
      fc.pre(one.of !== other.of)
      const shared = subjectsOf(one).flatMap((left) =>
        subjectsOf(other)
          .filter((right) => overlaps(left, right))
          .map((right) => [left.text, right.text]),
      )
      // Acknowledgements and flow control name no domain: a stream of the same name in two domains shares them.
      const name = (of: string): string => of.replace(/,.*/, '')
      const isTwin = name(one.of) === name(other.of)
      expect(
        shared.filter(([left = '']) => !SHARED.test(left) && !(isTwin && /^\$(?:JS\.(?:ACK|FC)|O)\./.test(left))),
      ).toEqual([])
    }),
    { numRuns: 100 },
  )
})

test('a DENY of a resource covers all that an ALLOW of it opens but looking at it', () => {
  fc.assert(
    fc.property(word, fc.option(domain), word, (name, place, consumer) => {
      const at = place === null ? {} : { domain: place }
      const pairs = [
        [
          { jetstream: { stream: name, ...at, consume: { consumer } } },
          { jetstream: { stream: name, consume: { consumer } } },
        ],
        [
          { jetstream: { stream: name, ...at, wholeStream: true, read: ['>'], consume: { ordered: true } } },
          { jetstream: { stream: name, consume: { consumer: '*' } } },
        ],
        [
          { kv: { bucket: name, ...at, read: ['a.>'], watch: ['a.>'], write: ['a.>'], admin: true } },
          { kv: { bucket: name, read: ['>'], write: ['>'], admin: true } },
        ],
        [
          { objectStore: { store: name, ...at, read: true, write: true, admin: true } },
          { objectStore: { store: name, read: true, write: true, admin: true } },
        ],
      ] as const
      for (const [allow, deny] of pairs) {
        const denied = publishedBy(grantsFor(deny, 'DENY'))
        const open = publishedBy(grantsFor(allow, 'ALLOW')).filter(
          (pattern) => !denied.some((one) => overlaps(one, pattern)) && !LOOKING.test(pattern.text),
        )
        expect(open.map(({ text }) => text)).toEqual([])
      }
    }),
    { numRuns: 100 },
  )
})

/** Numbers, configuration; and the answers to flow control, which carry nothing. */
const LOOKING = /^\$JS\.(?:[^.]+\.)?API\.(?:INFO$|STREAM\.INFO\.|CONSUMER\.LIST|CONSUMER\.NAMES)|^\$JS\.FC\./

function subjectsOf(resource: Readonly<Record<string, unknown>>): readonly Pattern[] {
  const { of: _of, ...grant } = resource
  return grantsFor(grant, 'ALLOW').flatMap(({ patterns }) => patterns)
}

function publishedBy(grants: readonly Grant[]): readonly Pattern[] {
  return grants.filter(({ verb }) => verb === 'publish' || verb === 'request').flatMap(({ patterns }) => patterns)
}

function grantsFor(grant: object, action: string): readonly Grant[] {
  const { snapshot, diagnostics } = compileText(
    [
      `apiVersion: ${API_VERSION}\nkind: SubjectPolicy\nmetadata: {name: tried, namespace: shop}`,
      `spec:\n  action: ${action}\n  principals: [{namespace: shop}]\n  grants: [${JSON.stringify(grant)}]`,
    ].join('\n'),
  )
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (snapshot === undefined || errors.length > 0) throw new Error(JSON.stringify({ grant, errors }))
  return snapshot.model.grants.map(({ grant }) => grant)
}
