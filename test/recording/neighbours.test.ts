/** What lies next to a grant is refused: by the server, under exactly the compiled permissions. */
import { usernamePasswordAuthenticator } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsServerForTests } from '../support/nats-server.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import { neighbourhoods } from './neighbours.ts'
import { openStage, type Stage } from './stage.ts'

const REFUSED = /^Permissions Violation for (Publish|Subscription) to "([^"]*)"(?: using queue "([^"]*)")?/

for (const version of [undefined, '2.10.26']) {
  const binary = await natsServerForTests(version)

  describe.skipIf(binary === undefined)(`on nats-server ${binary?.version}`, () => {
    let stage: Stage
    beforeAll(async () => {
      stage = await openStage(version, neighbourhoods)
    })
    afterAll(() => stage.stop())

    async function logIn(index: number): Promise<RawClient> {
      const { port, user, pass } = stage.login(index)
      return openRawClient(port, { authenticator: usernamePasswordAuthenticator(user, pass) })
    }

    test.each(neighbourhoods.map((place, index) => ({ ...place, index })))(
      '$name: the neighbours stay closed',
      async ({ index, publish, subscribe = [] }) => {
        const client = await logIn(index)
        for (const subject of publish) client.write(`PUB ${subject} 0\r\n\r\n`)
        for (const [sid, subscription] of subscribe.entries()) client.write(`SUB ${subscription} ${sid}\r\n`)
        const { errors } = await client.settle()
        client.close()
        const refused = new Set(errors.map(spellRefusal))
        const open = [...publish.map((one) => `PUB ${one}`), ...subscribe.map((one) => `SUB ${one}`)].filter(
          (one) => !refused.has(one),
        )
        expect(open).toEqual([])
      },
    )
  })
}

function spellRefusal(error: string): string {
  const [, action, subject, queue] = REFUSED.exec(error) ?? []
  if (action === 'Publish') return `PUB ${subject}`
  return queue === undefined ? `SUB ${subject}` : `SUB ${subject} ${queue}`
}
