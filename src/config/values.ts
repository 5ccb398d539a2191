/** Single values of `bridge.yaml`: what each may look like, and what to do when it does not. Pure. */
import { z } from 'zod'
import { isPublicKey } from '../nkey/index.ts'
import { parseSubject } from '../subject/index.ts'
import { adviseOnType, durationMs, durationSeconds, refuse } from './document.ts'

/** `examples` here, and `bounds` in the schemas, show in docs/configuration.md. */
export const filePath = z
  .string()
  .min(1)
  .meta({ examples: ['secrets/file'] })

/** A name that appears in records, logs and metrics. */
export const label = z.string().transform((text, ctx) => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text
  const reason = 'is no name: letters, digits, ".", "_" and "-", a letter or digit first, at most 63'
  return refuse(ctx, text, { code: 'name-invalid', reason })
})

export const queueGroup = z.string().transform((text, ctx) => {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text
  return refuse(ctx, text, {
    code: 'queue-group-invalid',
    reason: 'is no queue group: 1 to 64 letters, digits, "_" and "-"',
  })
})

export const accountKey = publicKey('A', 'account')

function publicKey(role: 'A', name: string) {
  return z
    .string()
    .meta({ examples: [`${role}…`] })
    .transform((text, ctx) => {
      if (isPublicKey(text, role)) return text
      const reason = `is no public key of an ${name}: ${role} and 55 more characters of A-Z and 2-7, with a checksum`
      return refuse(ctx, text, {
        code: 'public-key-invalid',
        reason,
        hint: 'nsc describe account <name> shows it as Account ID',
      })
    })
}

const SERVER_PROTOCOLS = new Set(['nats:', 'tls:'])

export const serverUrl = z
  .string()
  .meta({ examples: ['nats://nats:4222'] })
  .transform((text, ctx) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const sound = url !== undefined && SERVER_PROTOCOLS.has(url.protocol) && url.hostname !== ''
    // A login in it was refused before, unseen.
    if (sound && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '') return text
    const hint = 'write it like nats://nats.nats.svc:4222, or tls://… where the server demands TLS'
    return refuse(ctx, text, { code: 'server-url-invalid', reason: 'is no address of a NATS server', hint })
  })

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const LISTEN = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?<port>\d{1,5})$/

const LISTEN_HINT = 'write 127.0.0.1:9222, or 0.0.0.0:9222 for every interface'

const listenText = z.string().meta({ examples: ['0.0.0.0:9222'] })

export const listenAddress = adviseOnType(listenText, { expected: 'host:port', hint: () => LISTEN_HINT }).transform(
  (text, ctx): ListenAddress => {
    const { host = '', port = '' } = LISTEN.exec(text)?.groups ?? {}
    if (host !== '' && Number(port) <= 65_535) return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) }
    const reason = 'is no address to listen on, expected host:port'
    return refuse(ctx, text, { code: 'listen-invalid', reason, hint: LISTEN_HINT })
  },
)

/** What stands before the name of a question in a subject. */
export const subjectPrefix = z
  .string()
  .meta({ examples: ['nib.audit'] })
  .transform((text, ctx) => {
    const subject = parseSubject(text)
    const hint = 'write literal tokens with dots between, such as nib.audit'
    const refusal = { code: 'subject-prefix-invalid', hint }
    if (!subject.ok) return refuse(ctx, text, { ...refusal, reason: `is no beginning of a subject: ${subject.error}` })
    if (!/^(?:\$|_INBOX(?:\.|$))/.test(text)) return text
    return refuse(ctx, text, { ...refusal, reason: 'begins like subjects of nats-server or of inboxes' })
  })

const MAX_JITTER_PERCENT = 50

/** A share from 0 to 0.5. */
const SHARE_HINT = 'write it like 10%'

const share = z.string().meta({ examples: ['10%'] })

export const jitter = adviseOnType(share, { expected: 'a share', hint: () => SHARE_HINT }).transform((text, ctx) => {
  const percent = /^(\d{1,3})%$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) <= MAX_JITTER_PERCENT) return Number(percent) / 100
  const reason = `is no share, expected 0% to ${MAX_JITTER_PERCENT}%`
  return refuse(ctx, text, { code: 'share-invalid', reason, hint: SHARE_HINT })
})

/** Milliseconds within bounds that are spelled as in the file. */
export function milliseconds(shortest: string, longest: string) {
  return within(durationMs, shortest, longest)
}

export function seconds(shortest: string, longest: string) {
  return within(durationSeconds, shortest, longest)
}

function within(duration: typeof durationMs | typeof durationSeconds, shortest: string, longest: string) {
  const [least, most] = [duration.parse(shortest), duration.parse(longest)]
  return duration.transform((value, ctx) => {
    if (value >= least && value <= most) return value
    return refuse(ctx, value, { code: 'out-of-range', reason: `is out of range, expected ${shortest} to ${longest}` })
  })
}

/** `none` and `HS*` are missing on purpose: the one proves nothing, the other's key would have to be secret here. */
const ALGORITHMS: readonly string[] = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

export const algorithm = z
  .string()
  .meta({ examples: ['ES256'] })
  .transform((text, ctx) => {
    if (ALGORITHMS.includes(text)) return text
    const refusal = { code: 'algorithm-refused', hint: `choose of ${ALGORITHMS.join(', ')}` }
    if (/^none$/i.test(text))
      return refuse(ctx, text, { ...refusal, reason: 'is refused: it would take tokens that nobody signed' })
    if (/^HS/i.test(text)) {
      return refuse(ctx, text, { ...refusal, reason: 'is refused: whoever can verify such a token can also make one' })
    }
    return refuse(ctx, text, { ...refusal, reason: 'is no signature algorithm known here' })
  })
