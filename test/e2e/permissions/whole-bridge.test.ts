/**
 * From documents in a folder to what a server lets a client do, through every room of the bridge: each ServiceAccount has a policy
 * of its own, logs in with its token, and is examined. `nib why`, asked about the same folder, says what the server did.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WhatCan } from '../../../src/audit/what-can.ts'
import { whatCanCommand, whyCommand, type PrincipalArguments } from '../../../src/cli/answer-commands.ts'
import { deliveryFilterOf } from '../../../src/policy/delivery-filter.ts'
import { matchesText } from '../../policy/reference.ts'
import { captureOutput } from '../../support/captured-output.ts'
import { fcRuns } from '../../support/fc-runs.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { anyModel, workload } from '../../support/policy-arbitraries.ts'
import { openRawClient, type RawClient } from '../../support/raw-client.ts'
import { startRig, TRUST_DOMAIN, type Rig } from '../support/rig.ts'
import { writeDocuments } from './documents.ts'
import { allSubscriptions, examine, nameOf } from './examine.ts'
import { decisionOf, judge, NOTHING_WRONG, universeOf } from './judge.ts'

const NAMESPACE = 'shop'
const ACCOUNT = 'SHOP'
const LIMIT_MS = 120_000
const ASKED_ABOUT = 6
const runs = fcRuns(15)
const models = fc.sample(anyModel, { ...runs })
const subjects = models.map((model, index) => {
  const name = `workload-${index}`
  return { name, model, principal: workload(`spiffe://${TRUST_DOMAIN}/ns/${NAMESPACE}/sa/${name}`) }
})

const binary = await natsServerForTests()
const filter = deliveryFilterOf(binary?.version ?? '')

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
        for (const { name, model, principal } of subjects) {
          const judgement = await judge({ model, principal, filter, witness, logInUnder: () => logIn(name) })
          expect({ name, ...judgement }).toEqual({ name, ...NOTHING_WRONG })
        }
      },
      LIMIT_MS,
    )

    test.skipIf(filter === 'legacy')(
      'does what nib why and nib what-can say of the same folder',
      async () => {
        for (const { name, model, principal } of subjects.slice(0, ASKED_ABOUT)) {
          const universe = universeOf(decisionOf(model, principal).inboxPrefix)
          const answers = await examine({ logIn: () => logIn(name), witness, universe, isLoner: () => false })
          const about = { ...commonArguments, policies: [rig.policyFolder], principal: `${NAMESPACE}/${name}` }

          const listed = await whatCanSays(about)
          const plain = (subject: string): boolean => answers.delivered.has(nameOf({ subject }))
          const { arrived } = answers
          const wrong = universe.subjects.filter(
            (subject) =>
              listed('publish', subject) !== arrived.has(subject) || listed('subscribe', subject) !== plain(subject),
          )
          expect({ name, wrong }).toEqual({ name, wrong: [] })

          for (const subject of every(universe.subjects, 5)) {
            const said = await whyCommand({ ...about, action: 'publish', subject }, captureOutput())
            expect({ name, subject, said }).toEqual({ name, subject, said: arrived.has(subject) ? 0 : 1 })
          }
          for (const subscription of every(allSubscriptions(universe), 5)) {
            const said = await whyCommand({ ...about, action: 'subscribe', ...subscription }, captureOutput())
            const isAdmitted = answers.delivered.has(nameOf(subscription))
            expect({ name, subscription, said }).toEqual({ name, subscription, said: isAdmitted ? 0 : 1 })
          }
        }
      },
      LIMIT_MS,
    )
  },
)

const commonArguments = {
  trustDomain: TRUST_DOMAIN,
  alias: [],
  rootNamespace: 'istio-system',
  claim: [],
  group: [],
  json: true,
} as const

/** Reads the printed table as a person would: an entry that matches, and none against it. */
async function whatCanSays(about: PrincipalArguments): Promise<(action: string, subject: string) => boolean> {
  const { output, out } = captureOutput()
  expect(await whatCanCommand(about, { output })).toBe(0)
  const { entries }: WhatCan = JSON.parse(out())
  return (action, subject) => {
    const has = (effect: string): boolean =>
      entries.some((one) => one.action === action && one.effect === effect && matchesText(one.entry, subject))
    return has('allow') && !has('deny')
  }
}

/** @returns so many of them, spread over all. */
function every<T>(all: readonly T[], count: number): T[] {
  return all.filter((_, index) => index % Math.ceil(all.length / count) === 3)
}
