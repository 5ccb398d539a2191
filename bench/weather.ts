/** The conditions of a reconnect storm, by the names the command line uses. Pure data. */

export interface Weather {
  readonly name: string
  /** nats-server `authorization.timeout`, seconds. */
  readonly authorizationTimeout: number
  /** Client's limit for dial and handshake, milliseconds. */
  readonly limitMs: number
  /** Share of the machine that busy loops take, 0 to 1. */
  readonly busyShare: number
  /** Environment of nats-server, beside what it has anyway. */
  readonly serverEnvironment: Readonly<Record<string, string>>
}

const STOCK = {}
/**
 * On two cores that it shares with others, a server that runs one thread does not wait for a lock whose owner the kernel has put aside;
 * with less garbage collection more of its share is left for logins. docs/nats-server.md says when that is worth it.
 */
const ONE_THREAD = { GOMAXPROCS: '1', GOGC: '400' }

export const WEATHERS: readonly Weather[] = [
  { name: '2s', authorizationTimeout: 2, limitMs: 2000, busyShare: 0, serverEnvironment: STOCK },
  { name: '2s-busy', authorizationTimeout: 2, limitMs: 2000, busyShare: 1 / 3, serverEnvironment: STOCK },
  {
    name: '2s-busy-one-thread',
    authorizationTimeout: 2,
    limitMs: 2000,
    busyShare: 1 / 3,
    serverEnvironment: ONE_THREAD,
  },
  { name: '5s', authorizationTimeout: 5, limitMs: 6000, busyShare: 0, serverEnvironment: STOCK },
]
