/**
 * Until when an answer to a request is of any use, in milliseconds of our clock. The server waits `authorization.timeout`
 * (its request tells: `exp` less `iat`); an answer takes part of that to be read there, hence {@link MARGIN_MS}.
 *
 * The wait runs from the moment the server accepted the connection, which a request does not tell, and in a reconnect storm
 * lies seconds before the request. But a server numbers its connections as it accepts them: whoever has a lower number than a
 * connection heard of at some time was accepted before that time. While requests queue here, that bound counts too, so that no
 * work goes to clients which are gone. docs/adr/0003 has the numbers.
 */
import { createBoundedMap } from '../lib/bounded-map.ts'

/** What a request tells of its own times. Believed for nobody but itself until its signature is verified. */
export interface RequestTimes {
  readonly serverId: string
  /** Number of the client's connection (`client_info.id`): later connections to the same server process have higher ones. */
  readonly connection: number
  /** Its TLS handshake comes after the number and before the server starts to wait. */
  readonly hasTls: boolean
  /** Unix seconds of the server's clock. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** Milliseconds of our clock. */
  readonly arrivedAt: number
}

export interface Patience {
  /** `exp` itself is not looked at here. */
  answerBy(request: RequestTimes, now: number): number
  /** Only for requests whose origin is proven. */
  observe(request: RequestTimes): void
}

/** What a server needs to read an answer when it is busy; a shorter one sheds less and helps nobody, a longer one sheds too much. */
const MARGIN_MS = 500
/** A request that waited this long shows that they queue. */
const STRAIN_MS = 100
const STRAIN_LASTS_MS = 2000
/** nats-server's default limit of a TLS handshake. */
const TLS_HANDSHAKE_MS = 2000
/** A connection older than any login takes is no new one: the server asks again for one that is in (a reload of its configuration). */
const OLDEST_LOGIN_MS = 20_000
const STEP_MS = 20

export function createPatience(maxServers: number): Patience {
  const servers = createBoundedMap<string, AcceptTimes>(maxServers)
  let strainedUntil = -Infinity
  return {
    answerBy(request, now) {
      const wait = (request.expiresAt - request.issuedAt) * 1000 - MARGIN_MS
      if (now - request.arrivedAt >= STRAIN_MS) strainedUntil = now + STRAIN_LASTS_MS
      const byArrival = request.arrivedAt + wait
      if (now >= strainedUntil) return byArrival
      const accepted = servers.get(request.serverId)?.acceptedBefore(request.connection)
      if (accepted === undefined || now - accepted > OLDEST_LOGIN_MS) return byArrival
      return Math.min(byArrival, accepted + wait + (request.hasTls ? TLS_HANDSHAKE_MS : 0))
    },
    observe({ serverId, connection, arrivedAt }) {
      const known = servers.get(serverId)
      const times = known ?? createAcceptTimes()
      if (known === undefined) servers.set(serverId, times)
      times.observe(connection, arrivedAt)
    },
  }
}

interface AcceptTimes {
  acceptedBefore(connection: number): number | undefined
  observe(connection: number, at: number): void
}

/** The highest number heard of, step by step; a step is known by its end, which errs towards patience. */
function createAcceptTimes(): AcceptTimes {
  let steps: { highest: number; at: number }[] = []
  return {
    acceptedBefore: (connection) => steps[steps.findLastIndex(({ highest }) => highest < connection) + 1]?.at,
    observe(connection, at) {
      const last = steps.at(-1)
      if (last !== undefined && connection <= last.highest) return
      if (last !== undefined && at - (steps.at(-2)?.at ?? -Infinity) < STEP_MS) {
        last.highest = connection
        last.at = Math.max(last.at, at)
        return
      }
      steps.push({ highest: connection, at })
      const first = steps[0]
      if (first !== undefined && at - first.at > 2 * OLDEST_LOGIN_MS)
        steps = steps.filter((step) => at - step.at <= OLDEST_LOGIN_MS)
    },
  }
}
