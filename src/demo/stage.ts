/**
 * Lets actors try things: asks the policy first, then tries it with a real client, then writes down both.
 * A login that is refused is explained by the bridge's own record, because the client only hears "Authorization Violation".
 */
import type { Msg } from 'nats'
import type { DecisionRecord } from '../audit/record.ts'
import { eventually } from '../dev/deadline.ts'
import { judge, type Attempt, type Outcome } from './attempt.ts'
import type { Actor, Intruder } from './cast.ts'
import { logIn, type Client, type Reaction } from './client.ts'
import { refusal, type Oracle } from './forecast.ts'
import type { HttpAnswer, HttpTwin } from './http-twin.ts'

export interface StageParts {
  readonly url: string
  /** JWT that brings a client to the bridge in operator mode, where the server does not assume it. */
  readonly sentinel: string | undefined
  readonly oracle: Oracle
  readonly http: HttpTwin
  /** All decisions so far, oldest first; grows. */
  readonly decisions: readonly DecisionRecord[]
  /** The account's name, where the server speaks of its public key. */
  readonly nameAccount: (account: string) => string
}

/** An actor who got in. */
export interface Player {
  readonly actor: Actor
  readonly client: Client
  /** Texts of the messages it received, oldest first. */
  readonly received: string[]
  close(): Promise<void>
}

export interface Stage {
  readonly attempts: readonly Attempt[]
  /** @throws when an actor whom the policy lets in does not get in: nothing could be shown without it. */
  enter(actor: Actor): Promise<Player>
  turnAway(intruder: Intruder): Promise<void>
  subscribe(player: Player, subject: string): Promise<void>
  /** As a member of the queue group. @param answer its replies; never throws. */
  respond(player: Player, subject: string, queue: string, answer: (message: Msg) => void): Promise<void>
  publish(player: Player, subject: string, witness?: Player): Promise<void>
  request(player: Player, subject: string, payload: string): Promise<void>
  /** Everybody leaves. */
  clear(): Promise<void>
}

const RECORD_LIMIT_MS = 2000

export function createStage({ url, sentinel, oracle, http, decisions, nameAccount }: StageParts): Stage {
  const attempts: Attempt[] = []
  const players = new Set<Player>()
  let sent = 0

  function write(
    who: string,
    tried: string,
    forecast: Attempt['forecast'],
    outcome: Outcome,
    overHttp?: HttpAnswer,
  ): void {
    attempts.push(judge(who, tried, forecast, outcome, overHttp))
  }

  async function attemptLogin(
    name: string,
    token: string | undefined,
    inboxPrefix: string,
  ): Promise<{ readonly client: Client | undefined; readonly outcome: Outcome }> {
    const earlier = decisions.length
    const client = await logIn({ url, sentinel, name, token, inboxPrefix })
    const record = await eventually(() => decisions[earlier], RECORD_LIMIT_MS, `a decision record of ${name}`)
    const { code, decisionId } = record
    if (client === undefined) return { client, outcome: { allowed: false, said: 'login refused', code, decisionId } }
    // Servers before 2.11 do not say it; then the bridge's word has to do.
    const account = nameAccount(client.account ?? record.account ?? '')
    return { client, outcome: { allowed: true, said: `let in, account ${account}`, account, decisionId } }
  }

  async function listen(
    player: Player,
    subject: string,
    queue: string | undefined,
    receive: (message: Msg) => void,
  ): Promise<void> {
    const forecast = oracle.use(player.actor.principal, 'subscribe', subject, queue)
    const reaction = await player.client.subscribe(subject, queue, receive)
    const tried = `${queue === undefined ? 'subscribe' : 'respond'} ${subject}`
    const said = queue === undefined ? 'listening' : `in queue ${queue}`
    write(
      player.actor.name,
      tried,
      forecast,
      outcomeOf(reaction, () => ({ allowed: true, said })),
    )
  }

  return {
    attempts,
    async enter(actor) {
      const forecast = oracle.login(actor.principal)
      const inboxPrefix = oracle.inboxPrefix(actor.principal)
      const { client, outcome } = await attemptLogin(actor.name, await actor.token(), inboxPrefix)
      write(actor.name, 'log in', forecast, outcome)
      if (client === undefined) throw new Error(`${actor.name} was refused: ${outcome.code} (${outcome.decisionId})`)
      const player: Player = {
        actor,
        client,
        received: [],
        async close() {
          players.delete(player)
          await client.close()
        },
      }
      players.add(player)
      return player
    },
    async turnAway({ presents, token, proves }) {
      const forecast = typeof proves === 'string' ? refusal(proves) : oracle.login(proves)
      const { client, outcome } = await attemptLogin(presents, token, '_INBOX')
      await client?.close()
      write(INTRUDERS, presents, forecast, outcome)
    },
    async subscribe(player, subject) {
      await listen(player, subject, undefined, (message) => player.received.push(message.string()))
    },
    respond: listen,
    async publish(player, subject, witness) {
      const forecast = oracle.use(player.actor.principal, 'publish', subject)
      sent += 1
      const text = `message ${sent}`
      const reaction = await player.client.publish(subject, text)
      await witness?.client.settle()
      const outcome = outcomeOf(reaction, (): Outcome => {
        if (witness === undefined) return { allowed: true, said: 'accepted' }
        if (witness.received.includes(text)) return { allowed: true, said: `${witness.actor.shortName} got it` }
        return { allowed: undefined, said: `${witness.actor.shortName} got nothing` }
      })
      write(player.actor.name, `publish ${subject}`, forecast, outcome, await http.ask(player.actor.principal, subject))
    },
    async request(player, subject, payload) {
      const forecast = oracle.use(player.actor.principal, 'publish', subject)
      const reaction = await player.client.request(subject, payload)
      const outcome = outcomeOf(reaction, (reply) => ({ allowed: true, said: `reply from ${reply.string()}` }))
      write(player.actor.name, `request ${subject}`, forecast, outcome, await http.ask(player.actor.principal, subject))
    },
    async clear() {
      await Promise.all([...players].map((player) => player.close()))
    },
  }
}

/** The heading of those who should not get in. */
export const INTRUDERS = 'intruders'

function outcomeOf<T>(reaction: Reaction<T>, describe: (value: T) => Outcome): Outcome {
  if (reaction.kind === 'done') return describe(reaction.value)
  if (reaction.kind === 'violation') return { allowed: false, said: 'permission violation' }
  return { allowed: undefined, said: reaction.problem }
}
