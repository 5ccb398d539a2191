/** What token authentication takes from the machine: files, the network, timers, chance. Handed out by `main.ts` alone. */
import { readFile } from 'node:fs/promises'
import { httpGet } from './http-get.ts'
import type { After } from './key-ring.ts'
import type { KeySourceSystem } from './key-source.ts'

const after: After = (milliseconds, run) => {
  const timer = setTimeout(run, milliseconds).unref()
  return () => clearTimeout(timer)
}

export const AUTHN_SYSTEM: KeySourceSystem & { readonly after: After; readonly random: () => number } = {
  httpGet,
  readFile: (path) => readFile(path, 'utf8'),
  after,
  random: Math.random,
}
