/**
 * Does the proof see mistakes? Breaks the evaluator in many places, one at a time and in a copy, and asks it the recorded cases again:
 * each break must be seen. Exit code 1 when one is not, or when the text it replaces is no longer there.
 * Called by `npm run proof:istio:mutations`; a file of kept cases may be named, to try with more.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compileNib } from './compiled-nib.ts'
import { askEvaluator } from './evaluator.ts'
import { keptCases } from './kept-cases.ts'
import { MUTATIONS, type Mutation } from './mutation-list.ts'
import { compare } from './prove.ts'
import { readAnswers } from './record.ts'

const file = process.argv[2]
const asked = file === undefined ? await readAnswers() : await keptCases(file)
let missed = 0

for (const [index, mutation] of MUTATIONS.entries()) {
  const seen = await differences(mutation)
  if (seen === undefined || seen === 0) missed += 1
  const told = seen === undefined ? 'gone' : `${seen}`
  process.stdout.write(`${String(index + 1).padStart(3)}  ${told.padStart(5)}  ${mutation.what}\n`)
}
process.stdout.write(`${MUTATIONS.length} mutations, ${missed} not seen by ${asked.length} cases\n`)
process.exitCode = missed === 0 ? 0 : 1

/** @returns in how many cases; nothing when the text to replace does not stand in its file exactly once. */
async function differences({ file: name, from, to }: Mutation): Promise<number | undefined> {
  let isThere = false
  const nib = await compileNib(async (sources) => {
    const path = join(sources, 'istio', name)
    const parts = (await readFile(path, 'utf8')).split(from)
    isThere = parts.length === 2
    await writeFile(path, parts.join(to))
  })
  try {
    return isThere ? compare(asked, await askEvaluator(nib.main, asked)).disagreements.length : undefined
  } finally {
    await nib.remove()
  }
}
