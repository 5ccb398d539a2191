/** What crosses the callout account: requests as servers send them, and every reply; and a way to put requests of one's own there. */
import { headers, type Msg, type NatsConnection } from 'nats'
import { CALLOUT_SUBJECT, SMUGGLED_SUBJECT } from './insider.ts'

export interface SeenRequest {
  readonly payload: Uint8Array
  readonly xkey: string
  readonly reply: string
}

export interface Wire {
  readonly requests: readonly SeenRequest[]
  /** Payloads by the subject that they were sent to. */
  readonly replies: ReadonlyMap<string, readonly Uint8Array[]>
  /** `$SYS.ACCOUNT.CLIENT.AUTH.ERR`, the event of a refused login, as it was published in the callout account. */
  readonly authErrors: readonly { readonly reason: string; readonly client: Readonly<Record<string, unknown>> }[]
  /** Puts a request before the bridge. @returns where its reply would go. */
  smuggle(payload: Uint8Array | string, options?: { readonly xkey?: string; readonly reply?: string }): string
  /** Everything sent in the callout account before now has been seen. */
  settle(): Promise<void>
  stop(): Promise<void>
}

export async function watchWire(inside: NatsConnection, outside: NatsConnection): Promise<Wire> {
  const requests: SeenRequest[] = []
  const replies = new Map<string, Uint8Array[]>()
  const authErrors: { reason: string; client: Record<string, unknown> }[] = []
  let smuggled = 0

  const watch = (subject: string, see: (message: Msg) => void): void => {
    const callback = (problem: Error | null, message: Msg): void => {
      if (problem === null) see(message)
    }
    inside.subscribe(subject, { callback })
  }
  watch(CALLOUT_SUBJECT, (message) => {
    const xkey = message.headers?.get('Nats-Server-Xkey') ?? ''
    requests.push({ payload: message.data, xkey, reply: message.reply ?? '' })
  })
  watch('$SYS._INBOX.>', ({ subject, data }) => void replies.set(subject, [...(replies.get(subject) ?? []), data]))
  watch('$SYS.ACCOUNT.CLIENT.AUTH.ERR', (message) => void authErrors.push(message.json()))
  await inside.flush()

  return {
    requests,
    replies,
    authErrors,
    smuggle(payload, { xkey, reply = `$SYS._INBOX.smuggled.${(smuggled += 1)}` } = {}) {
      const sent = headers()
      if (xkey !== undefined) sent.set('Nats-Server-Xkey', xkey)
      outside.publish(SMUGGLED_SUBJECT, payload, { reply, ...(xkey === undefined ? {} : { headers: sent }) })
      return reply
    },
    async settle() {
      await outside.flush()
      await inside.flush()
    },
    async stop() {
      await Promise.all([inside.close(), outside.close()])
    },
  }
}
