/**
 * What each mistake looks like to its author: `test/golden/compile/<case>-in.yaml` compiles to `<case>-out.json`.
 * REFRESH_GOLDEN=1 writes the outputs anew; read the difference before it is committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileText, spell } from './support.ts'

const FOLDER = new URL('../golden/compile/', import.meta.url)
const INPUT = /-in\.yaml$/

const cases = readdirSync(FOLDER)
  .filter((file) => INPUT.test(file))
  .map((file) => file.replace(INPUT, ''))

describe('golden files', () => {
  test.for(cases)('%s compiles to what its golden file says', (name: string) => {
    const text = readFileSync(new URL(`${name}-in.yaml`, FOLDER), 'utf8')
    const spelled = spell(compileText(text, `${name}.yaml`))
    const golden = new URL(`${name}-out.json`, FOLDER)
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(golden, spelled)
    expect(spelled).toBe(readFileSync(golden, 'utf8'))
  })
})
