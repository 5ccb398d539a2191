/** What token authentication takes from the machine: the network, timers, chance. */
import { systemScheduler, type Scheduler } from '../files/index.ts'
import { httpGet, type HttpGet } from './http-get.ts'

export interface AuthnSystem {
  readonly httpGet: HttpGet
  readonly scheduler: Scheduler
  /** In [0, 1). */
  readonly random: () => number
}

export const AUTHN_SYSTEM: AuthnSystem = { httpGet, scheduler: systemScheduler, random: Math.random }
