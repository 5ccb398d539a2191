/** The conditions of a reconnect storm, by the names the command line uses. Pure data. */

export interface Weather {
  readonly name: string
  /** nats-server `authorization.timeout`, seconds. */
  readonly authorizationTimeout: number
  /** Client's limit for dial and handshake, milliseconds. */
  readonly limitMs: number
  /** Share of the machine that busy loops take, 0 to 1. */
  readonly busyShare: number
}

export const WEATHERS: readonly Weather[] = [
  { name: '2s', authorizationTimeout: 2, limitMs: 2000, busyShare: 0 },
  { name: '2s-busy', authorizationTimeout: 2, limitMs: 2000, busyShare: 1 / 3 },
  { name: '5s', authorizationTimeout: 5, limitMs: 6000, busyShare: 0 },
]
