/** Who can answer logins in a bench run. One entry each: its name, and the command line that serves a given set-up. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from './child.ts'
import type { ResponderSetup } from './responder-setup.ts'

export interface Responder {
  readonly name: 'bridge' | 'bare' | 'baseline'
  readonly title: string
  /** Logins in flight it is measured at; what it cannot carry is left out. */
  readonly inFlight: readonly number[]
  /** Whether it is measured in operator mode and in the storm. */
  readonly everywhere: boolean
  /** Writes what the process needs into `folder` (private to it) and says how to start it. */
  prepare(setup: ResponderSetup, folder: string): Command
}

export const BARE: Responder = {
  name: 'bare',
  title: 'bare responder (node:crypto)',
  inFlight: [64, 256],
  everywhere: true,
  prepare: (setup, folder) => nodeProgram('./bare/main.js', setup, folder),
}

export const BASELINE: Responder = {
  name: 'baseline',
  title: 'baseline (@nats-io/jwt + nkeys.js)',
  inFlight: [16],
  everywhere: false,
  prepare: (setup, folder) => nodeProgram('./baseline/main.js', setup, folder),
}

export const RESPONDERS: readonly Responder[] = [BARE, BASELINE]

function nodeProgram(path: string, setup: ResponderSetup, folder: string): Command {
  const file = join(folder, 'responder.json')
  writeFileSync(file, JSON.stringify(setup), { mode: 0o600 })
  const program = fileURLToPath(new URL(path, import.meta.url))
  return { file: process.execPath, args: [program, file], ready: /^ready$/ }
}
