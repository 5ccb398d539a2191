/**
 * What each nats-server's own requests tell of how it is set up, said once, when its first login comes. It keeps nobody out, so nobody
 * would look for it: clients who are given less than the policy grants, logins that have little time when many come at once.
 */
import type { LoginRequest } from '../callout/request.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'
import { deliveryFilterOf } from '../policy/delivery-filter.ts'
import type { Log } from '../telemetry/logger.ts'

/** `waitSeconds`: its `authorization.timeout`, at times one less. Only for servers that have proven to be one. */
export type MeetServer = (server: LoginRequest['server'], waitSeconds: number) => void

const MAX_SERVERS = 1024
/** The advice is 5; one second is lost in the rounding. */
const SHORT_WAIT_SECONDS = 4

const LEGACY = {
  message:
    'this nats-server does not filter every overlapping deny, so its clients are given less than the policy grants',
  hint: 'use 2.12.14, 2.14.4, 2.15 or newer; nib lint names what cannot be granted until then',
}
const IMPATIENT = {
  message:
    'this nats-server waits only a short time for a login: when many clients return at once, they try again and again',
  hint: 'set authorization { timeout: 5 } there, and let clients wait a second longer',
}

export function createServerRemarks({ logger }: Log): MeetServer {
  const known = createBoundedMap<string, true>(MAX_SERVERS)
  return ({ id, name, version }, waitSeconds) => {
    if (known.get(id) !== undefined) return
    known.set(id, true)
    const server = { id, name, version }
    if (deliveryFilterOf(version) === 'legacy')
      logger.warn({ code: 'server-legacy', server, hint: LEGACY.hint }, LEGACY.message)
    if (waitSeconds < SHORT_WAIT_SECONDS)
      logger.warn({ code: 'server-impatient', server, waitSeconds, hint: IMPATIENT.hint }, IMPATIENT.message)
  }
}
