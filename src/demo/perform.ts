/** The demo without its looks: plays the play in a running deployment, edits the policy, tries again. */
import type { DecisionRecord } from '../audit/record.ts'
import type { RunningDev } from '../dev/start-dev.ts'
import { createDecide } from '../policy/decide.ts'
import { deliveryFilterOf } from '../policy/delivery-filter.ts'
import { sha256Hex } from '../serve/sha256.ts'
import type { Attempt } from './attempt.ts'
import { createCast, createIntruders } from './cast.ts'
import { ALLOW_REFUND, editPolicy, type PolicyChange, type PolicyEdit } from './edit-policy.ts'
import { createOracle, type AskWhy } from './forecast.ts'
import { createHttpTwin } from './http-twin.ts'
import { play, REFUND } from './play.ts'
import { createStage, INTRUDERS } from './stage.ts'
import type { Group } from './show.ts'

export interface Performance {
  readonly groups: readonly Group[]
  /** In the order in which they happened. */
  readonly attempts: readonly Attempt[]
  readonly edit: PerformedEdit
}

export interface PerformedEdit extends PolicyEdit, PolicyChange {
  /** The line of the play that the edit changes. */
  readonly attemptBefore: Attempt
  readonly attemptsAfter: readonly Attempt[]
}

/** @param decisions all so far, oldest first; grows while this runs. @param why what the policy is asked. */
export async function perform(
  dev: RunningDev,
  decisions: readonly DecisionRecord[],
  why: AskWhy,
): Promise<Performance> {
  const { currentSnapshot } = dev.bridge
  const filter = deliveryFilterOf(dev.serverVersion)
  const oracle = createOracle({ currentSnapshot, decide: createDecide(sha256Hex), why, filter })
  const stage = createStage({
    url: dev.natsUrl,
    sentinel: sentinelOf(dev),
    oracle,
    http: createHttpTwin(dev.policyFolder, dev.trustDomain),
    decisions,
    nameAccount: (account) => nameAccount(dev, account),
  })
  const cast = createCast(dev)
  try {
    const { anna } = await play(stage, cast, await createIntruders(dev), oracle)
    const attempts = [...stage.attempts]
    const attemptBefore = attempts.find(({ who, tried }) => who === cast.anna.name && tried.endsWith(REFUND))
    if (attemptBefore === undefined) throw new Error('the play lacks the line that the edit changes')
    const change = await editPolicy(dev.policyFolder, ALLOW_REFUND, currentSnapshot, dev.cluster.apply)
    await anna.close()
    await stage.request(await stage.enter(cast.anna), REFUND, 'order 1001')
    const attemptsAfter = stage.attempts.slice(attempts.length)
    return { groups: groupsOf(cast), attempts, edit: { ...ALLOW_REFUND, ...change, attemptBefore, attemptsAfter } }
  } finally {
    await stage.clear()
  }
}

function groupsOf(cast: ReturnType<typeof createCast>): readonly Group[] {
  const { web, orders, payments, dashboard, anna } = cast
  const actors = [web, orders, payments, dashboard, anna].map(({ name, about }) => ({ who: name, about }))
  return [...actors, { who: INTRUDERS, about: 'who log in with what they have' }]
}

/** Policies name accounts, a server in operator mode says their public keys. */
function nameAccount({ deployment }: RunningDev, account: string): string {
  if (deployment.mode === 'config') return account
  return deployment.accounts.find(({ publicKey }) => publicKey === account)?.name ?? account
}

function sentinelOf({ deployment }: RunningDev): string | undefined {
  if (deployment.mode === 'config' || deployment.sentinel.assumedByServer) return undefined
  return deployment.sentinel.jwt
}
