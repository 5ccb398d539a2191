/** How long to wait between two tries to reach a server: longer each time, half of it chance, and short again after a success. */
import type { ConnectionOptions } from 'nats'

export interface Backoff {
  /** Milliseconds between the last try and the next one; the same until {@link advance}. */
  wait(): number
  /** After a try: the next wait is twice as long, half of it chance. */
  advance(): void
  reset(): void
}

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000

export function createBackoff(chance: () => number): Backoff {
  const spread = (delay: number): number => delay * (0.5 + chance() / 2)
  let delay = FIRST_DELAY_MS
  let wait = spread(delay)
  return {
    wait: () => wait,
    advance() {
      delay = Math.min(delay * 2, LONGEST_DELAY_MS)
      wait = spread(delay)
    },
    reset() {
      delay = FIRST_DELAY_MS
      wait = spread(delay)
    },
  }
}

/**
 * From dialling to the server's first PONG. nats.js does not notice when a server closes a connection in between without a word, as one
 * does that dislikes a client certificate, and would wait for 20 s. nats-server itself gives a login up after 2 s of TLS and the seconds
 * of `authorization.timeout`.
 */
const CONNECT_LIMIT_MS = 8_000

/** What makes a connection come back whatever happened to it, refused credentials included; a dead one is noticed within half a minute. */
export function foreverAgain(backoff: Backoff): ConnectionOptions {
  return {
    reconnect: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    timeout: CONNECT_LIMIT_MS,
    // Asked more often than it dials: the answer must not change in between.
    reconnectDelayHandler: () => backoff.wait(),
    pingInterval: 10_000,
    maxPingOut: 2,
  }
}
