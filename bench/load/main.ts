/** The load process: takes jobs from the bench, one at a time, and answers each. Ends when the bench lets go of it. */
import { readFileSync } from 'node:fs'
import { helloFor } from './attempt.ts'
import { createFreshTokens } from './fresh-tokens.ts'
import type { Job, LoginsJob } from './job.ts'
import { runLogins } from './logins.ts'
import { runStorm } from './storm.ts'

const tokens = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly string[]
const hellos = tokens.map(helloFor)
const freshTokens = createFreshTokens()

function hellosOf({ port, freshTokens: file }: LoginsJob): () => Uint8Array | undefined {
  if (file !== undefined) {
    return () => {
      const token = freshTokens.next(file, port)
      return token === undefined ? undefined : helloFor(token)
    }
  }
  let next = 0
  return () => hellos[next++ % hellos.length]
}

process.on('message', (job: Job) => {
  const run = job.kind === 'logins' ? runLogins(job, hellosOf(job)) : runStorm(job, hellos)
  void run.then((result) => process.send?.(result))
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')
