/** What all scenarios of one bench run share. */
import type { Cell } from './cell.ts'
import type { Responder } from './responders.ts'
import type { Weather } from './weather.ts'
import type { World } from './world.ts'

export interface Run {
  readonly world: World
  /** nats-server binary. */
  readonly server: string
  /** Temporary folder of the run. */
  readonly folder: string
  /** JSON file with the tokens, for load processes. */
  readonly tokensFile: string
  readonly responders: readonly Responder[]
  readonly cells: readonly Cell[]
  readonly weathers: readonly Weather[]
  readonly rounds: number
  /** Length of one measurement of logins. */
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Clients of the storm. */
  readonly clients: number
  readonly stormRounds: number
  /** One line on what happens now. */
  readonly say: (line: string) => void
}
