/**
 * All clients reconnect at once, and behave as stock clients do: a limit for dial and handshake, then a wait with
 * jitter, and the end for good after two authorization errors (nats.go and nats.js give up then, unless told otherwise).
 */
import type { Socket } from 'node:net'
import { percentile } from '../statistics.ts'
import { attemptLogin, type Outcome } from './attempt.ts'
import type { StormJob, StormResult } from './job.ts'

const ERRORS_UNTIL_LOST = 2
/** Timers count from the start of the event loop's turn: dialling all in one turn would cut the last clients' limits short. */
const DIALS_PER_TURN = 200

export async function runStorm(job: StormJob, hellos: readonly Uint8Array[]): Promise<StormResult> {
  const returnedAt = new Map<number, number>()
  const sockets = new Set<Socket>()
  const refusals = new Map<number, number>()
  const start = performance.now()
  let attempts = 0
  let firstAttempt = 0
  let lost = 0
  let dialledMs = 0
  let over = false
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      over = true
      clearTimeout(limit)
      resolve()
    }
    const limit = setTimeout(finish, job.giveUpMs)
    const dial = (client: number, attempt: number): void => {
      if (over) return
      attempts += 1
      attemptLogin({
        port: job.port,
        hello: hellos[client % hellos.length] ?? new Uint8Array(),
        limitMs: job.limitMs,
        done: (outcome, socket) => settle(client, attempt, outcome, socket),
        dropped: () => {
          if (over) return
          returnedAt.delete(client)
          dial(client, attempt + 1)
        },
      })
    }
    const settle = (client: number, attempt: number, outcome: Outcome, socket: Socket): void => {
      if (outcome === 'in') {
        sockets.add(socket)
        returnedAt.set(client, performance.now() - start)
        refusals.delete(client)
        if (attempt === 1) firstAttempt += 1
      } else if (outcome === 'refused' && countRefusal(refusals, client) >= ERRORS_UNTIL_LOST) {
        lost += 1
      } else {
        setTimeout(dial, job.retryMs + Math.random() * job.jitterMs, client, attempt + 1)
      }
      if (returnedAt.size + lost === job.clients) finish()
    }
    const dialFrom = (client: number): void => {
      const end = Math.min(client + DIALS_PER_TURN, job.clients)
      for (let each = client; each < end; each += 1) dial(each, 1)
      if (end < job.clients) setImmediate(dialFrom, end)
      else dialledMs = performance.now() - start
    }
    dialFrom(0)
  })
  for (const socket of sockets) socket.destroy()
  const times = Float64Array.from(returnedAt.values()).sort()
  return {
    clients: job.clients,
    firstAttempt,
    back: times.length,
    lost,
    away: job.clients - times.length - lost,
    attempts,
    dialledMs,
    allBackMs: times.at(-1) ?? Number.NaN,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
  }
}

function countRefusal(refusals: Map<number, number>, client: number): number {
  const count = (refusals.get(client) ?? 0) + 1
  refusals.set(client, count)
  return count
}
