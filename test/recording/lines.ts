/** The client lines, and how one of their calls is done under the permissions of an account and recorded. */
import { connect as connectCurrent, type NatsConnection as Owner } from '@nats-io/transport-node'
import { connect as connectOld } from 'nats'
import { within } from '../../src/dev/deadline.ts'
import type { Call } from './call.ts'
import { currentCalls } from './calls-current.ts'
import { oldCalls } from './calls-old.ts'
import type { Login } from './stage.ts'
import { openWireTap } from './wire-tap.ts'

export interface Recording {
  readonly said: readonly string[]
  /** What the server refused, and what the call threw. */
  readonly problems: readonly string[]
}

export interface RecordedCall {
  readonly line: string
  readonly name: string
  readonly grants: readonly string[]
  readonly record: (login: Login, owner: Owner) => Promise<Recording>
}

export const recordedCalls: readonly RecordedCall[] = [
  ...inLine('nats', oldCalls, connectOld),
  ...inLine('@nats-io', currentCalls, connectCurrent),
]

interface Connection {
  flush(): Promise<void>
  close(): Promise<void>
}

type Connect<Client> = (options: {
  readonly servers: string
  readonly user: string
  readonly pass: string
  readonly inboxPrefix: string
  readonly reconnect: false
}) => Promise<Client>

const LIMIT_MS = 10_000

function inLine<Client extends Connection>(
  line: string,
  calls: readonly Call<Client>[],
  connect: Connect<Client>,
): RecordedCall[] {
  return calls.map(({ name, grants, run }) => ({
    line,
    name,
    grants,
    async record({ port, user, pass, inboxPrefix }, owner) {
      const tap = await openWireTap(port)
      const client = await connect({ servers: `127.0.0.1:${tap.port}`, user, pass, inboxPrefix, reconnect: false })
      const problems: string[] = []
      try {
        await within(run(client, owner, inboxPrefix), LIMIT_MS, name)
        await client.flush()
      } catch (problem) {
        problems.push(String(problem))
      }
      const { said, errors } = tap.heard()
      await Promise.race([client.close(), tap.close()])
      await tap.close()
      return { said, problems: [...errors, ...problems] }
    },
  }))
}
