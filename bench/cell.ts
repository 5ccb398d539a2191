/** The set-ups that logins are measured in, by the names the command line uses. Pure data. */
import type { SizeName } from './world.ts'

export interface Cell {
  readonly name: string
  readonly mode: 'config' | 'operator'
  readonly size: SizeName
  readonly sealed: boolean
  /** `new`: each login has a token that the responder has not met, as after the hourly rotation of all of them. */
  readonly tokens: 'known' | 'new'
}

export const CELLS: readonly Cell[] = [
  { name: 'small', mode: 'config', size: 'small', sealed: false, tokens: 'known' },
  { name: 'small-sealed', mode: 'config', size: 'small', sealed: true, tokens: 'known' },
  { name: 'large', mode: 'config', size: 'large', sealed: false, tokens: 'known' },
  { name: 'large-sealed', mode: 'config', size: 'large', sealed: true, tokens: 'known' },
  { name: 'small-new', mode: 'config', size: 'small', sealed: false, tokens: 'new' },
  { name: 'small-sealed-new', mode: 'config', size: 'small', sealed: true, tokens: 'new' },
  { name: 'operator', mode: 'operator', size: 'small', sealed: false, tokens: 'known' },
]
