/**
 * From documents in a folder to what a server lets a client do, through every room of the bridge: each ServiceAccount has a policy
 * of its own, logs in with its token, and is examined. `nib why`, asked about the same folder, says what the server did.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyCommand } from '../../../src/cli/query-commands.ts'
import { deliveryFilterOf } from '../../../src/policy/delivery-filter.ts'
import { captureOutput } from '../../support/captured-output.ts'
import { fcRuns } from '../../support/fc-runs.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { anyModel, workload } from '../../support/policy-arbitraries.ts'
import { openRawClient, type RawClient } from '../../support/raw-client.ts'
import { startRig, TRUST_DOMAIN, type Rig } from '../support/rig.ts'
import { writeDocuments } from './documents.ts'
import { examine } from './examine.ts'
import { decisionOf, judge, NOTHING_WRONG, universeOf } from './judge.ts'

const NAMESPACE = 'shop'
const ACCOUNT = 'SHOP'
const LIMIT_MS = 120_000
const runs = fcRuns(15)
const models = fc.sample(anyModel, { ...runs })
const subjects = models.map((model, index) => {
  const name = `workload-${index}`
  return { name, model, principal: workload(`spiffe://${TRUST_DOMAIN}/ns/${NAMESPACE}/sa/${name}`) }
})

const binary = await natsServerForTests()

describe.skipIf(binary === undefined).each(['config+xkey', 'operator'] as const)(
  `the whole bridge (%s, ${runs.said})`,
  (environment) => {
    let rig: Rig
    let witness: RawClient
    beforeAll(async () => {
      rig = await startRig(environment, {
        accounts: [ACCOUNT],
        breakGlass: [{ name: 'witness', account: ACCOUNT }],
        policy: Object.fromEntries(
          subjects.map(({ name, model }) => [`${name}.yaml`, writeDocuments(model, NAMESPACE, name)]),
        ),
        withWire: false,
      })
      witness = await openRawClient(rig.env.server.port, rig.env.asBreakGlass('witness'))
    }, LIMIT_MS)
    afterAll(async () => {
      witness.close()
      await rig.stop()
    })

    async function logIn(name: string): Promise<RawClient> {
      return openRawClient(rig.env.server.port, rig.env.asClient(await rig.token(`${NAMESPACE}/${name}`)))
    }

    test(
      'lets each workload do what its documents mean',
      async () => {
        const filter = deliveryFilterOf(rig.env.version)
        for (const { name, model, principal } of subjects) {
          const judgement = await judge({ model, principal, filter, witness, logInUnder: () => logIn(name) })
          expect({ name, ...judgement }).toEqual({ name, ...NOTHING_WRONG })
        }
      },
      LIMIT_MS,
    )
  },
)
