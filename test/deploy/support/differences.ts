/** Where admission and compile differ, and why: all of it, with a document for each. docs/kubernetes.md tells of it in short. */
import type { JsonObject } from '../../../src/lib/json.ts'
import { API_VERSION } from '../../compile/support.ts'

interface Difference {
  readonly kind: string
  readonly value: JsonObject
}

interface Passing extends Difference {
  readonly codes: readonly string[]
  readonly why: string
  /** What the JSON of a document must have in it for this to be the reason; default: nothing, the code says it all. */
  readonly only?: RegExp
}

/** Count as letters or marks, or stand for bytes that are no text. */
const UNSEEN =
  /[\u{34F}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}-\u{180F}\u{3164}\u{FFA0}\u{FFFD}\u{10000}-\u{10FFFF}]|[\u{FE00}-\u{FE0F}]/u

/** Passes admission and fails compile, which the condition `Compiled` then says. */
export const PASSES_ADMISSION: readonly Passing[] = [
  {
    codes: ['account-conflict'],
    why: 'whether two entries of different accounts mean the same principal: that takes comparing all of them',
    ...accountMap([account('SHOP', { namespace: 'shop' }), account('STAFF', { serviceAccount: 'shop/*' })]),
  },
  {
    codes: ['account-forbidden'],
    why: 'which account the callout has: that stands in the configuration of the bridge',
    only: /"AUTH"/,
    ...accountMap([account('AUTH', { namespace: 'shop' })]),
  },
  {
    codes: ['route-double'],
    why: 'whether two templates claim the same subjects: that takes more than comparing their texts',
    ...route(
      { subject: 'shop.{a}.get', method: 'GET', path: '/a/{a}' },
      { subject: 'shop.{b}.get', method: 'GET', path: '/b/{b}' },
    ),
  },
  {
    codes: ['route-path-invalid', 'route-subject-invalid'],
    why: 'that a variable stands in a template twice: more than a rule may cost',
    only: /\{(\w+)(?:\.\.\.)?\}[^"]*\{\1(?:\.\.\.)?\}/,
    ...route({ subject: 'shop.{a}.{a}', method: 'GET', path: '/{a}/{a}' }),
  },
  {
    codes: ['route-variables'],
    why: 'that variables in the middle have other names: the first and the last are compared, the others counted',
    only: /"[^"]*\{[^"]*\{[^"]*\{[^"]*"/,
    ...route({ subject: 'shop.{a}.{b}.{c}', method: 'GET', path: '/{a}/{x}/{c}' }),
  },
  {
    codes: ['pattern-invalid'],
    why: 'some characters that nobody sees: the API server takes them for letters',
    only: UNSEEN,
    ...policy({ grants: [{ publish: ['shop.\u3164'] }] }),
  },
  {
    codes: ['consumer-invalid', 'domain-invalid', 'queue-invalid', 'stream-invalid'],
    why: 'the same characters in other names',
    only: UNSEEN,
    ...policy({
      grants: [
        { subscribe: ['shop.a'], queue: ['\u3164'] },
        { jetstream: { stream: '\u3164', domain: '\u3164', consume: { consumer: '\u3164' } } },
      ],
    }),
  },
  {
    codes: ['grant-too-long'],
    why: 'how long the subjects of a grant become: they are put together by compile',
    ...policy({ grants: [{ jetstream: { stream: '\u4E2D'.repeat(255), domain: '\u4E2D'.repeat(255), admin: true } }] }),
  },
  {
    codes: ['missing-field'],
    why: 'the name of an object that has only generateName: the API server makes one',
    only: /"generateName"/,
    kind: 'SubjectPolicy',
    value: { ...policy({ grants: [{ publish: ['shop.a'] }] }).value, metadata: { generateName: 'one-' } },
  },
]

export function isExplained(code: string, value: JsonObject): boolean {
  const text = JSON.stringify(value)
  return PASSES_ADMISSION.some(({ codes, only }) => codes.includes(code) && (only?.test(text) ?? true))
}

/** Passes compile and fails admission: rules cost what the longest lists and texts would cost. */
export const TOO_LARGE: readonly (Difference & { readonly what: string; readonly says: string })[] = [
  {
    what: '100 accounts in one AccountMap; write several',
    says: 'must have at most 100 items',
    ...accountMap(Array.from({ length: 101 }, (_, at) => account(`A${at}`, { serviceAccount: `a${at}/b` }))),
  },
  {
    what: '64 entries that name principals',
    says: 'must have at most 64 items',
    ...policy({
      principals: Array.from({ length: 65 }, (_, at) => ({ namespace: `a${at}` })),
      grants: [{ publish: ['shop.a'] }],
    }),
  },
  {
    what: '64 grants in one SubjectPolicy',
    says: 'must have at most 64 items',
    ...policy({ grants: Array.from({ length: 65 }, () => ({ publish: ['shop.a'] })) }),
  },
  {
    what: '128 patterns in one list',
    says: 'must have at most 128 items',
    ...policy({ grants: [{ publish: Array.from({ length: 129 }, (_, at) => `shop.${at}`) }] }),
  },
  {
    what: '256 characters in one pattern, as NATS advises',
    says: 'may not be more than 256',
    ...policy({ grants: [{ publish: [`shop.${'a'.repeat(252)}`] }] }),
  },
  {
    what: '256 routes in one SubjectRoute',
    says: 'must have at most 256 items',
    ...route(...Array.from({ length: 257 }, (_, at) => ({ subject: `shop.${at}`, method: 'GET', path: `/${at}` }))),
  },
]

function accountMap(accounts: readonly JsonObject[]): Difference {
  return document('AccountMap', { name: 'one' }, { accounts })
}

function account(name: string, principal: JsonObject): JsonObject {
  return { account: name, principals: [principal] }
}

function policy(spec: JsonObject): Difference {
  return document('SubjectPolicy', { name: 'one', namespace: 'shop' }, { principals: [{ namespace: 'shop' }], ...spec })
}

function route(...routes: readonly JsonObject[]): Difference {
  const workload = { labels: { app: 'orders' }, serviceAccount: 'orders' }
  return document('SubjectRoute', { name: 'one', namespace: 'shop' }, { workload, routes })
}

function document(kind: string, metadata: JsonObject, spec: JsonObject): Difference {
  return { kind, value: { apiVersion: API_VERSION, kind, metadata, spec } }
}
