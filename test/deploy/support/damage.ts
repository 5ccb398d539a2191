/** Documents with one or two places changed: most are broken, each in a way that somebody could write. */
import fc from 'fast-check'
import { isJsonObject, type Json } from '../../../src/lib/json.ts'
import type { WrittenDocument } from './documents.ts'

type Step = string | number

/** Texts that are right in one place and wrong in most others. */
const TEXTS = [
  '',
  ...' |a b| a|5 s|G T|/a b|\t|a\nb|\u00fc|\u200b'.split('|'),
  'x'.repeat(64),
  ...'a A * > . - $ / { a. .a a..b a.* a.> *.a >.a a* a.b* a.>.b $SYS.a _INBOX.a _INBOX_x $JS.API.>'.split(' '),
  ...'shop/orders */* shop/* */orders shop/orders/x shop/or* /orders Shop/orders system:serviceaccount:shop:orders'.split(
    ' ',
  ),
  ...'spiffe://td/ns/shop/sa/a spiffe://td/* spiffe://td spiffe://td/ spiffe://td/a//b spiffe://td/../b'.split(' '),
  ...'spiffe://td/a/*/b SPIFFE://Td.Example/a http://x/y td td.example Td'.split(' '),
  ...'https://idp/* */alice iss/sub *iss* i*s/s ** ALLOW DENY Deny Allow private shared nats mqtt'.split(' '),
  ...'5s 0s 00m0s 500ms 1500ms 1h30m 1d 5 1.5s 999999h 12345h1m1s1ms 1s1s1s1s1s'.split(' '),
  ...'/a /a/{x} /a/{x...} /{x}/{y} /a?b /a#b /a/../b /a/./b /. /..;x /.well-known /a//b /%41 /%2f /% /%zz'.split(' '),
  ...'/{x /a{x} /{x...}/a /{1x} /[a] /^ /~ // {x} {x...} {method} {any}.x shop.{id}.get shop.{id}.{id}'.split(' '),
  ...'shop.{a}.{b}.{c} shop.{rest...} shop.{rest...}.x shop.{method} shop.{method}.{method} shop.{id}x'.split(' '),
  ...'shop.{method...} GET get Get M-SEARCH shop.v1.Cart/AddItem Cart.AddItem a/b/c 1a/b SYS $G AUTH API ACK'.split(
    ' ',
  ),
  ...'KV_x a/b a\\b sidecar waypoint publish subscribe'.split(' '),
]
const OTHERS: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  -2,
  1.5,
  65_535,
  65_536,
  [],
  {},
  [''],
  ['a'],
  ['>'],
  ['a', 'a'],
  [{}],
  { a: 'b' },
  { '': 'x' },
]

interface Place {
  readonly path: readonly Step[]
  readonly value: Json
}

/** @param documents good ones: what any of them has in a place is also put there in others. */
export function damaged(documents: readonly WrittenDocument[]): fc.Arbitrary<WrittenDocument> {
  const known = knownMembers(documents)
  const texts = fc.constantFrom(...TEXTS)
  const values = fc.oneof(texts, fc.constantFrom(...OTHERS), fc.constant(null))
  const change = fc.oneof(
    { weight: 6, arbitrary: fc.record({ is: fc.constant('text' as const), at: fc.nat(), value: texts }) },
    { weight: 6, arbitrary: fc.record({ is: fc.constant('add' as const), at: fc.nat(), which: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant('replace' as const), at: fc.nat(), value: values }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('remove' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('stray' as const), at: fc.nat(), which: fc.nat() }) },
  )
  type Change = typeof change extends fc.Arbitrary<infer One> ? One : never

  function apply(whole: Json, made: Change): Json {
    const places = placesIn(whole)
    const fitting = places.filter(({ value }) =>
      made.is === 'text'
        ? typeof value === 'string'
        : made.is === 'add' || made.is === 'stray'
          ? isJsonObject(value)
          : true,
    )
    const place = fitting[made.at % fitting.length]
    if (place === undefined) return whole
    if (made.is === 'text' || made.is === 'replace') return put(whole, place.path, made.value)
    if (made.is === 'remove') return put(whole, place.path, undefined)
    const of = made.is === 'stray' ? [...known.values()].flat() : (known.get(generic(place.path)) ?? [])
    const member = of[made.which % of.length]
    return member === undefined ? whole : put(whole, [...place.path, member.field], member.value)
  }

  return fc
    .tuple(fc.constantFrom(...unlike(documents)), fc.array(change, { minLength: 1, maxLength: 2 }))
    .map(([document, changes]) => {
      const changed = changes.reduce(apply, { [document.kind]: document.value['spec'] ?? null })
      return {
        ...document,
        value: { ...document.value, spec: (isJsonObject(changed) && changed[document.kind]) || null },
      }
    })
}

interface Member {
  readonly field: string
  readonly value: Json
}

/** By the object they are in. */
function knownMembers(documents: readonly WrittenDocument[]): Map<string, Member[]> {
  const known = new Map<string, Map<string, Member>>()
  for (const { kind, value } of documents) {
    for (const { path, value: member } of placesIn({ [kind]: value['spec'] ?? null })) {
      const field = path.at(-1)
      if (typeof field !== 'string') continue
      const of = generic(path.slice(0, -1))
      const members = known.get(of) ?? new Map<string, Member>()
      known.set(of, members.set(`${field} ${JSON.stringify(member)}`, { field, value: member }))
    }
  }
  return new Map([...known].map(([of, members]) => [of, [...members.values()]]))
}

function generic(path: readonly Step[]): string {
  return path.map((step) => (typeof step === 'number' ? '*' : step)).join('.')
}

/** One of those that have the same fields. */
function unlike(documents: readonly WrittenDocument[]): WrittenDocument[] {
  const shapes = documents.map((document) => {
    const paths = placesIn(document.value['spec'] ?? null).map(({ path }) => generic(path))
    return [`${document.kind} ${[...new Set(paths)].toSorted().join(' ')}`, document] as const
  })
  return [...new Map(shapes).values()]
}

function placesIn(value: Json, path: readonly Step[] = []): Place[] {
  const inner: (readonly [Step, Json])[] = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : []
  return inner.flatMap(([step, member]) => [
    { path: [...path, step], value: member },
    ...placesIn(member, [...path, step]),
  ])
}

/** @param value `undefined` takes the place away. */
function put(whole: Json, [step, ...rest]: readonly Step[], value: Json | undefined): Json {
  if (step === undefined) return value ?? null
  if (Array.isArray(whole)) {
    if (rest.length === 0 && value === undefined) return whole.filter((_, index) => index !== step)
    return whole.map((member: Json, index) => (index === step ? put(member, rest, value) : member))
  }
  const members = isJsonObject(whole) ? whole : {}
  if (rest.length === 0 && value === undefined) {
    return Object.fromEntries(Object.entries(members).filter(([key]) => key !== step))
  }
  return { ...members, [step]: put(members[step] ?? {}, rest, value) }
}
