/**
 * Side doors of JetStream: API subjects under which the server itself reads or writes, whatever the client may. Pure.
 * After what was tried on nats-server 2.10 to 2.15: a consumer or a direct get delivers subjects that `sub.deny` denies.
 */
import { quote } from '../../lib/spell.ts'
import type { GrantRule } from '../../policy/model.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { overlaps, parsePattern, type Pattern } from '../../subject/index.ts'
import type { Estate } from '../estate.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { allowsOf, deniesOf, entriesOf, grantedBy, type Granted } from '../grant-rules.ts'
import { neverMeetMatchers } from '../principals.ts'

/** What stands behind `$JS.API.`, or behind `$JS.<domain>.API.`. `>` alone when the pattern ends before. */
function apiTokens({ tokens: [first, second, ...rest] }: Pattern): readonly string[] | undefined {
  if (first !== '$JS') return undefined
  if (second === '>') return ['>']
  if (second === 'API') return rest
  const [third, ...below] = rest
  return third === 'API' || third === '*' ? below : third === '>' ? ['>'] : undefined
}

interface ApiCall extends Granted {
  readonly api: readonly string[]
}

function callsOf(rules: readonly GrantRule[]): ApiCall[] {
  return grantedBy(rules, 'publish').flatMap((granted) => {
    const api = apiTokens(granted.pattern)
    return api === undefined ? [] : [{ ...granted, api }]
  })
}

/** Raw subjects. A grant that says `admin` or `wholeStream` has said it in words already. */
function writtenCallsOf({ model, isWritten }: Estate): ApiCall[] {
  return callsOf(allowsOf(model)).filter(({ rule, pattern }) => isWritten(rule.origin, pattern.text))
}

/** Whether the tokens of a pattern admit these words at its beginning. */
function admits(api: readonly string[], words: readonly string[]): boolean {
  for (const [position, word] of words.entries()) {
    const token = api[position]
    if (token === '>') return true
    if (token !== '*' && token !== word) return false
  }
  return true
}

function isWholeApi([first]: readonly string[]): boolean {
  return first === '>' || first === '*'
}

export const jetstreamWholeApi: Rule = {
  code: 'jetstream-whole-api',
  severity: 'warning',
  title: 'all of the JetStream API',
  why: 'Whoever may publish to `$JS.API.>` reads every stream of the account, makes streams of any subject, sends what they hold wherever it likes, and deletes them. No DENY on the subjects themselves stands in the way.',
  mend: 'use the grants `jetstream`, `kv` and `objectStore`, which name a stream and what is done with it',
  check: ({ model }) =>
    callsOf(allowsOf(model))
      .filter(({ api }) => isWholeApi(api))
      .map((call) => suspect(call, `${quote(call.pattern.text)} is the whole JetStream API`)),
}

const ADMINISTRATION: readonly (readonly string[])[] = [
  ['STREAM', 'CREATE'],
  ['STREAM', 'UPDATE'],
  ['STREAM', 'DELETE'],
  ['STREAM', 'PURGE'],
  ['STREAM', 'RESTORE'],
  ['STREAM', 'SNAPSHOT'],
  ['STREAM', 'MSG', 'DELETE'],
]

export const jetstreamAdmin: Rule = {
  code: 'jetstream-admin',
  severity: 'warning',
  title: 'administration of streams',
  why: 'Creating or updating a stream is reading and writing any subject: a stream may capture, copy or republish subjects that its maker may not use. A snapshot holds every message. Deleting and purging lose them.',
  mend: 'have an operator, or the pipeline that deploys, make the streams; leave clients `consume` and `publish`',
  check: (estate) =>
    writtenCallsOf(estate)
      .filter(({ api }) => !isWholeApi(api))
      .flatMap((call) => {
        const verb = ADMINISTRATION.find((words) => admits(call.api, words))
        return verb === undefined
          ? []
          : [suspect(call, `${quote(call.pattern.text)} lets its holder use ${verb.join('.')}`)]
      }),
}

/** What a call reads: everything in the stream, or what a filter in the subject binds it to. */
function readingOf(api: readonly string[]): 'everything' | Pattern | undefined {
  if (admits(api, ['STREAM', 'MSG', 'GET']) || admits(api, ['CONSUMER', 'DURABLE', 'CREATE'])) return 'everything'
  if (admits(api, ['CONSUMER', 'CREATE'])) return filterIn(api.slice(2), 2)
  if (admits(api, ['DIRECT', 'GET'])) return filterIn(api.slice(2), 1)
  return undefined
}

/** @param named tokens before the filter: stream, and consumer */
function filterIn(tokens: readonly string[], named: number): 'everything' | Pattern {
  const filter = tokens.slice(named)
  if (filter.length === 0 || tokens.slice(0, named).includes('>')) return 'everything'
  const pattern = parsePattern(filter.join('.'))
  return pattern.ok ? pattern.value : 'everything'
}

export const jetstreamWholeStream: Rule = {
  code: 'jetstream-whole-stream',
  severity: 'warning',
  title: 'a stream read without a filter',
  why: 'These API subjects name no filter, so the client chooses in the body what it reads: every message of the stream, of whatever subject, also of those it may not subscribe to.',
  mend: 'use the form that has the filter in the subject, which the server enforces: `consume` with a filter, or a key of the bucket',
  check: (estate) =>
    writtenCallsOf(estate)
      .filter(({ api }) => !isWholeApi(api) && readingOf(api) === 'everything')
      .map((call) => suspect(call, `${quote(call.pattern.text)} reads the stream without a filter`)),
}

export const jetstreamEvadesDeny: Rule = {
  code: 'jetstream-evades-deny',
  severity: 'error',
  title: 'a DENY that a stream goes round',
  why: 'A DENY of subscriptions holds for subscriptions. A consumer delivers to the inbox of the client, with the authority of the server: messages on denied subjects arrive all the same.',
  mend: 'narrow the filter to what is not denied, or keep the denied subjects in a stream of their own',
  check: ({ model, trustDomains }) => {
    const denies = grantedBy(deniesOf(model), 'subscribe')
    return callsOf(allowsOf(model)).flatMap((call): Suspicion[] => {
      const reads = readingOf(call.api)
      if (reads === undefined || isWholeApi(call.api)) return []
      const subjects = reads === 'everything' ? subjectsOf(streamOf(call.api)) : reads
      const evaded = denies.find(
        ({ rule, pattern }) =>
          !neverMeetMatchers(entriesOf(rule), entriesOf(call.rule), trustDomains) &&
          (subjects === undefined ? pattern.tokens[0]?.startsWith('$') !== true : overlaps(pattern, subjects)),
      )
      if (evaded === undefined) return []
      const { origin } = evaded.rule
      const denied = `${quote(evaded.pattern.text)}, which ${nameOrigin(origin)} denies`
      if (subjects !== undefined) return [suspect(call, `${quote(call.pattern.text)} delivers ${denied}`)]
      // Which subjects a stream holds is not written in any policy.
      const message = `${quote(call.pattern.text)} delivers whatever the stream holds, also of ${denied}`
      return [{ ...suspect(call, message), severity: 'warning' }]
    })
  },
}

function streamOf([, second, third, fourth]: readonly string[]): string | undefined {
  return second === 'CREATE' || second === 'GET' ? third : fourth
}

/** What a stream holds whose name says it: a bucket. */
function subjectsOf(stream: string | undefined): Pattern | undefined {
  const [, kind, bucket] = /^(KV|OBJ)_(.+)$/.exec(stream ?? '') ?? []
  if (kind === undefined || bucket === undefined) return undefined
  const pattern = parsePattern(`${kind === 'KV' ? '$KV' : '$O'}.${bucket}.>`)
  return pattern.ok ? pattern.value : undefined
}

export const bucketsAll: Rule = {
  code: 'buckets-all',
  severity: 'warning',
  title: 'every bucket of the account',
  why: 'Under `$KV` and `$O` the first token is the name of a bucket. A wildcard there reaches the keys and objects of every application of the account, also of those to come.',
  mend: 'name the bucket: `$KV.settings.>`, or better the grant `kv`',
  check: ({ model }) =>
    grantedBy(allowsOf(model))
      .filter(
        ({ pattern: { tokens } }) => (tokens[0] === '$KV' || tokens[0] === '$O') && /^[*>]$/.test(tokens[1] ?? ''),
      )
      .map(({ rule, pattern }) => ({
        at: { origin: rule.origin, written: pattern.text },
        message: `${quote(pattern.text)} reaches every bucket of the account`,
      })),
}

function suspect({ rule, pattern }: Granted, message: string): Suspicion {
  return { at: { origin: rule.origin, written: pattern.text }, message }
}
