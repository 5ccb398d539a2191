/** No nats-server could be had: every way that was tried, why it failed, and the next step. */

export interface TriedWay {
  readonly way: string
  readonly reason: string
}

export const HOW_TO_GET_ONE =
  'install nats-server 2.10 or newer and set NIB_NATS_SERVER to its path, or run `nib dev --fetch-only` once with a network'

export class NatsServerUnavailable extends Error {
  override readonly name = 'NatsServerUnavailable'
  readonly code = 'NATS_SERVER_UNAVAILABLE'
  readonly hint = HOW_TO_GET_ONE
  readonly tried: readonly TriedWay[]

  constructor(version: string, tried: readonly TriedWay[]) {
    const width = Math.max(0, ...tried.map(({ way }) => way.length))
    const lines = tried.map(({ way, reason }) => `  ${way.padEnd(width)}  ${reason}`)
    super([`no nats-server ${version} could be had`, ...lines].join('\n'))
    this.tried = tried
  }
}
