/** The connections to NATS on which login requests come, as the configuration has them; every change of one is logged. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CalloutService } from '../callout/service.ts'
import type { Config } from '../config/index.ts'
import type { ServiceLogin } from '../keys/index.ts'
import type { Log } from '../telemetry/logger.ts'
import { connectionHint } from '../wire/connection-hint.ts'
import type { Envelope } from '../wire/envelope.ts'
import { natsTls } from '../wire/nats-tls.ts'
import { openServiceConnections, type ServiceConnections } from '../wire/service-connections.ts'

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
  return openServiceConnections(
    {
      servers,
      name: 'nib',
      count,
      queueGroup,
      authenticator: login.authenticator,
      ...(tls === undefined ? {} : { tls }),
    },
    {
      received: (request) => service.accept(request),
      changed(state, connection, problem) {
        const isBad = !isStopping() && (state === 'failed' || state === 'disconnected')
        const hint = problem === undefined ? undefined : connectionHint(problem)
        log.logger[isBad ? 'warn' : 'info']({ connection, problem, hint }, `service connection ${state}`)
      },
    },
    { now, chance: Math.random, sleep: (milliseconds) => sleep(milliseconds, undefined, { ref: false }) },
  )
}
