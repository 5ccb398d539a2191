/** The connections to NATS on which login requests come, as the configuration has them; what becomes of them is logged. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CalloutService } from '../callout/service.ts'
import type { Config } from '../config/index.ts'
import type { ServiceLogin } from '../keys/index.ts'
import type { Log } from '../telemetry/logger.ts'
import { connectionHint } from '../wire/connection-hint.ts'
import type { Envelope } from '../wire/envelope.ts'
import { natsTls } from '../wire/nats-tls.ts'
import { openServiceConnections, type ServiceConnections } from '../wire/service-connections.ts'
import { createNews } from './news.ts'

interface ConnectionParts {
  readonly config: Config
  readonly log: Log
  readonly login: ServiceLogin
  readonly now: () => number
}

export function openCalloutConnections(
  { config, log, login, now }: ConnectionParts,
  service: CalloutService<Envelope>,
  isStopping: () => boolean,
): ServiceConnections {
  const { servers, connections: count, queueGroup } = config.nats
  const tls = natsTls(servers, config.nats.tls)
  const news = createNews(now)
  /** All connections try again and again: one word on each problem is enough. */
  function failed(connection: number, problem: string): void {
    const tries = news.count(problem)
    const hint = connectionHint(problem)
    const level = tries === undefined ? 'debug' : 'warn'
    log.logger[level]({ connection, tries, servers, problem, hint }, 'service connection failed')
  }
  return openServiceConnections(
    {
      servers,
      name: 'nib',
      count,
      queueGroup,
      account: config.callout.account,
      authenticator: login.authenticator,
      ...(tls === undefined ? {} : { tls }),
    },
    {
      received: (request) => service.accept(request),
      changed(state, connection, problem) {
        if (state === 'connected' && problem === undefined) news.forget()
        if (state === 'connected' && problem !== undefined) failed(connection, problem)
        if (state === 'failed' && problem !== undefined && !isStopping()) return failed(connection, problem)
        const isBad = state === 'disconnected' && !isStopping()
        const hint = problem === undefined ? undefined : connectionHint(problem)
        log.logger[isBad ? 'warn' : 'info']({ connection, problem, hint }, `service connection ${state}`)
      },
    },
    { now, chance: Math.random, sleep: (milliseconds) => sleep(milliseconds, undefined, { ref: false }) },
  )
}
