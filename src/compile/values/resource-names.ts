/** Names of streams, consumers, buckets, keys, services as NATS and its clients allow them, each one token of a subject. Pure. */
import { z } from 'zod'
import { parsePattern, type Pattern } from '../../subject/index.ts'
import { refuse, type Refusal } from './refuse.ts'

/** The longest name that nats-server takes for a stream or a consumer. */
const MAX_NAME = 255
const MAX_BUCKET = MAX_NAME - 'OBJ_'.length
/** What the clients allow in the name of a bucket or a micro service (ADR-8, ADR-20, ADR-32), and in a key. */
const WORD = /^[\w-]+$/
const KEY = /^[-/_=.a-zA-Z0-9*>]+$/

/** What stands behind `$JS` beside the domains. */
const OTHER_THAN_DOMAINS: ReadonlySet<string> = new Set(['API', 'ACK', 'FC', 'EVENT'])

/** In a place that stands for any of them. */
export const ANY_NAME = '*'

export const streamName = nameOf('stream', 'name of a JetStream stream', anyName)
export const consumerName = nameOf('consumer', 'name of a consumer of the stream', anyName)
export const domainName = nameOf('domain', 'JetStream domain whose API is asked, as in $JS.<domain>.API', domain)
export const bucketName = nameOf('bucket', 'name of a key-value bucket, without KV_', word)
export const storeName = nameOf('store', 'name of an object store bucket, without OBJ_', word)
export const serviceName = nameOf('service', 'name of a micro service', word)
export const knownService = nameOf('service', 'name of a micro service; "*" is every service', anyWord)

/** Key patterns as the clients search with them: `cart.17`, `cart.*.total`, `cart.>`. */
export const keys = z
  .array(
    z
      .string()
      .meta({ description: 'key or pattern of keys; * is one token, > is all that follow' })
      .transform((text, ctx): Pattern => {
        const parsed = parsePattern(text)
        if (!parsed.ok) {
          const hint = text === '' ? 'for every key write ">"' : undefined
          return refuse(ctx, text, {
            code: 'key-pattern-invalid',
            reason: `is no key: ${inWordsOfKeys(parsed.error)}`,
            hint,
          })
        }
        if (KEY.test(text)) return parsed.value
        const reason = 'is no key: a key has letters, digits and "-", "_", "/", "=", "."'
        const hint = text.startsWith('$KV.') ? 'leave out $KV and the bucket' : undefined
        return refuse(ctx, text, { code: 'key-pattern-invalid', reason, hint })
      }),
  )
  .min(1)

function inWordsOfKeys(reason: string): string {
  return reason.replace(/^a subject /, 'a key ')
}

type NameRule = (text: string, noun: string) => Omit<Refusal, 'code'> | undefined

function nameOf(noun: string, description: string, rule: NameRule) {
  return z
    .string()
    .meta({ description })
    .transform((text, ctx) => {
      const refusal = rule(text, noun)
      return refusal === undefined ? text : refuse(ctx, text, { code: `${noun}-invalid`, ...refusal })
    })
}

/** Said of `*` alone in words of its own, by the grant: there it can have a meaning. */
function anyName(text: string, noun: string): ReturnType<NameRule> {
  return text === ANY_NAME ? undefined : plainName(text, noun)
}

/** `$JS.ACK.API.…` would be an acknowledgement. */
function domain(text: string, noun: string): ReturnType<NameRule> {
  if (!OTHER_THAN_DOMAINS.has(text)) return plainName(text, noun)
  return { reason: `is no ${noun}: $JS.${text} has a meaning of its own` }
}

function plainName(text: string, noun: string): ReturnType<NameRule> {
  const reason = `is no ${noun}: 1 to ${MAX_NAME} characters without blanks, ".", "*", ">", "/" and "\\"`
  const parsed = parsePattern(text)
  if (parsed.ok && parsed.value.tokens.length === 1 && text.length <= MAX_NAME && !/[*>/\\]/.test(text))
    return undefined
  return { reason, hint: /^\$|^KV_|\.>$/.test(text) ? `write the name alone` : undefined }
}

function anyWord(text: string, noun: string): ReturnType<NameRule> {
  return text === ANY_NAME ? undefined : word(text, noun)
}

function word(text: string, noun: string): ReturnType<NameRule> {
  if (WORD.test(text) && text.length <= MAX_BUCKET) return undefined
  const prefix = /^(?:\$KV\.|\$O\.)/.exec(text)?.[0]
  return {
    reason: `is no ${noun}: 1 to ${MAX_BUCKET} letters, digits, "-" and "_"`,
    hint: prefix === undefined ? undefined : `leave out ${prefix}`,
  }
}
