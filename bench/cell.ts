/** The set-ups that logins are measured in, by the names the command line uses. Pure data. */
import type { SizeName } from './world.ts'

export interface Cell {
  readonly name: string
  readonly mode: 'config' | 'operator'
  readonly size: SizeName
  readonly sealed: boolean
}

export const CELLS: readonly Cell[] = [
  { name: 'small', mode: 'config', size: 'small', sealed: false },
  { name: 'small-sealed', mode: 'config', size: 'small', sealed: true },
  { name: 'large', mode: 'config', size: 'large', sealed: false },
  { name: 'large-sealed', mode: 'config', size: 'large', sealed: true },
  { name: 'operator', mode: 'operator', size: 'small', sealed: false },
]
