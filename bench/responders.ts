/** Who can answer logins in a bench run: the command line that serves a given set-up, and the same without a network. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from './child.ts'
import { createBareAnswer } from './bare/answer.ts'
import { createBaselineAnswer } from './baseline/answer.ts'
import { prepareBridge } from './bridge.ts'
import { createBridgeAnswer } from './bridge-core.ts'
import type { Answer, ResponderSetup } from './responder-setup.ts'

export interface Responder {
  readonly name: 'bridge' | 'bare' | 'baseline'
  readonly title: string
  /** Logins in flight it is measured at; what it cannot carry is left out. */
  readonly inFlight: readonly number[]
  /** Whether it is measured in operator mode and in the storm. */
  readonly everywhere: boolean
  /** Writes what the process needs into `folder` (private to it) and says how to start it. */
  prepare(setup: ResponderSetup, folder: string): Command
  /** Opens, verifies, decides, signs and seals in this process; config mode. Everything it caches is its own. */
  createAnswer(setup: ResponderSetup): Answer | Promise<Answer>
  /** Logins after which it is warm: every token met, hot code compiled. */
  readonly warmUpLogins: number
  /** Requests of one in-process measurement. */
  readonly requests: number
}

export const BRIDGE: Responder = {
  name: 'bridge',
  title: 'nib serve',
  inFlight: [64, 256],
  everywhere: true,
  prepare: prepareBridge,
  createAnswer: createBridgeAnswer,
  warmUpLogins: 3000,
  requests: 1000,
}

export const BARE: Responder = {
  name: 'bare',
  title: 'node:crypto and nothing else',
  inFlight: [64, 256],
  everywhere: true,
  prepare: (setup, folder) => nodeProgram('./bare/main.js', setup, folder),
  createAnswer: createBareAnswer,
  warmUpLogins: 3000,
  requests: 1000,
}

export const BASELINE: Responder = {
  name: 'baseline',
  title: 'the textbook, @nats-io/jwt + nkeys.js + jose',
  inFlight: [16],
  everywhere: false,
  prepare: (setup, folder) => nodeProgram('./baseline/main.js', setup, folder),
  createAnswer: createBaselineAnswer,
  warmUpLogins: 20,
  requests: 15,
}

export const RESPONDERS: readonly Responder[] = [BRIDGE, BARE, BASELINE]

function nodeProgram(path: string, setup: ResponderSetup, folder: string): Command {
  const file = join(folder, 'responder.json')
  writeFileSync(file, JSON.stringify(setup), { mode: 0o600 })
  const program = fileURLToPath(new URL(path, import.meta.url))
  return { file: process.execPath, args: [program, file] }
}
