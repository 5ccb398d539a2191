/** What is right as it stands, and still worth a word to whoever puts it into use. Pure. */
import { deliveryFilterOf } from '../policy/delivery-filter.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { isAtLeast, SINCE, type ServerVersion } from './server-version.ts'
import type { CompleteSetup } from './setup.ts'

export function noticesOf(setup: CompleteSetup, version: ServerVersion): Diagnostic[] {
  const notices: Diagnostic[] = []
  if (deliveryFilterOf(setup.serverVersion) === 'legacy')
    notices.push({
      severity: 'warning',
      code: 'server-legacy',
      message: `nats-server ${setup.serverVersion} delivers more than a permission list with wildcards says`,
      hint: 'use 2.12.14, 2.14.4, 2.15 or newer; for this one the bridge gives less',
    })
  if (setup.tls === undefined)
    notices.push({
      severity: 'warning',
      code: 'tls-off',
      message: 'clients send their tokens in the clear',
      hint: 'give a certificate, or keep every path to the server inside a mesh that encrypts',
    })
  if (setup.mode === 'operator' && !isAtLeast(version, SINCE.defaultSentinel))
    notices.push({
      severity: 'warning',
      code: 'no-default-sentinel',
      message: `nats-server ${setup.serverVersion} sends nobody to the bridge who shows no credentials (default_sentinel came with ${SINCE.defaultSentinel})`,
      hint: 'give sentinel.creds to every client, beside its token',
    })
  return notices
}
