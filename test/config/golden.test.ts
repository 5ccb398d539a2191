/**
 * What each mistake looks like to its author: `test/golden/config/<case>-in.yaml` is answered with `<case>-out.txt`.
 * REFRESH_GOLDEN=1 writes the outputs anew; read the difference before it is committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseConfig, pathResolver } from '../../src/config/index.ts'
import { spell } from './support.ts'

const FOLDER = new URL('../golden/config/', import.meta.url)
const INPUT = /-in\.yaml$/

const cases = readdirSync(FOLDER)
  .filter((file) => INPUT.test(file))
  .map((file) => file.replace(INPUT, ''))

describe('a configuration with mistakes', () => {
  test.for(cases)('%s is answered as its golden file says', (name: string) => {
    const text = readFileSync(new URL(`${name}-in.yaml`, FOLDER), 'utf8')
    const result = parseConfig({ file: 'bridge.yaml', text }, pathResolver('/etc/nib'))
    const spelled = spell(result.ok ? result.value.diagnostics : result.error)
    const golden = new URL(`${name}-out.txt`, FOLDER)
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(golden, spelled)
    expect(spelled).toBe(readFileSync(golden, 'utf8'))
  })

  test('never has a secret repeated', () => {
    for (const name of cases) {
      expect(readFileSync(new URL(`${name}-out.txt`, FOLDER), 'utf8')).not.toMatch(/hunter2|eyJ/i)
    }
  })
})
