/**
 * One login without a network: open, verify, decide, sign twice, seal. Requests are made beforehand and each is used once;
 * rounds go round the responders. `known` tokens were verified before, `new` ones are met for the first time.
 */
import { CELLS, type Cell } from '../cell.ts'
import { createDeployment } from '../deployment.ts'
import { createFakeServer, type FakeServer } from '../fake-server.ts'
import type { Answer, Reply, ResponderSetup } from '../responder-setup.ts'
import type { Responder } from '../responders.ts'
import type { Run } from '../run.ts'
import { sampleCalls, type CallSample } from '../sample.ts'
import { fromCurveSeed, fromSeed } from 'nkeys.js'
import { PERMISSION_SETS, TOKEN_AUDIENCE, TOKEN_ISSUER } from '../world.ts'
import { middle } from './decision.ts'

export interface AnswerRow extends CallSample {
  readonly responder: Responder['name']
  readonly cell: string
  readonly tokens: 'known' | 'new'
  readonly failures: number
}

interface Player {
  readonly cell: Cell
  readonly responder: Responder
  readonly setup: ResponderSetup
  readonly server: FakeServer
  readonly known: CallSample[]
  readonly fresh: CallSample[]
  failures: number
}

export async function measureAnswers(run: Run): Promise<readonly AnswerRow[]> {
  const players: Player[] = []
  for (const cell of CELLS.filter(
    ({ name, mode, tokens }) => mode === 'config' && tokens === 'known' && run.cells.some((each) => each.name === name),
  )) {
    for (const responder of run.responders) players.push(await preparePlayer(run, cell, responder))
  }
  // One round more than counts, to warm up.
  for (let round = 0; round <= run.rounds; round += 1) {
    run.say(`answer: round ${round} of ${run.rounds}`)
    for (const player of players) await playRound(player, run.world.tokens, round > 0)
  }
  return players.flatMap(({ responder, cell, known, fresh, failures }) => {
    const row = { responder: responder.name, cell: cell.name, failures }
    return [
      { ...row, tokens: 'known' as const, ...middle(known) },
      { ...row, tokens: 'new' as const, ...middle(fresh) },
    ]
  })
}

async function preparePlayer(run: Run, cell: Cell, responder: Responder): Promise<Player> {
  const { keys } = await createDeployment({ mode: 'config', sealed: cell.sealed, authorizationTimeout: 2 })
  const setup: ResponderSetup = {
    ...keys,
    url: '',
    connections: 0,
    token: { issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE, jwk: run.world.jwk },
    permissions: PERMISSION_SETS[cell.size],
  }
  const server = createFakeServer({
    issuer: fromSeed(Buffer.from(keys.userSigner.seed)).getPublicKey(),
    ...(keys.xkeySeed === undefined ? {} : { responderXkey: fromCurveSeed(Buffer.from(keys.xkeySeed)).getPublicKey() }),
  })
  return { cell, responder, setup, server, known: [], fresh: [], failures: 0 }
}

async function playRound(player: Player, tokens: readonly string[], counts: boolean): Promise<void> {
  const answer = await player.responder.createAnswer(player.setup)
  const count = Math.min(player.responder.requests, tokens.length)
  const first = await answerAll(player, answer, tokens.slice(0, count))
  const again = await answerAll(player, answer, tokens.slice(0, count))
  if (!counts) return
  player.fresh.push(first)
  player.known.push(again)
}

async function answerAll(player: Player, answer: Answer, tokens: readonly string[]): Promise<CallSample> {
  const { server } = player
  const requests = tokens.map((token) => server.request(token))
  const replies: Reply[] = []
  const sample = await sampleCalls(requests.length, 1, (index) => {
    const reply = answer(requests[index] ?? new Uint8Array(), server.xkeyHeader)
    if (!(reply instanceof Promise)) return void replies.push(reply)
    return reply.then((late) => replies.push(late))
  })
  player.failures += replies.filter((reply) => !server.admits(reply)).length
  return sample
}
