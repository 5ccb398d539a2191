/**
 * Real files of other people, where a checkout has them beside it (or NIB_CORPUS names the folder): none of them is ours,
 * so none may be taken for ours, and whatever else is wrong with them must not stop us.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { OPTIONS } from './support.ts'

const folder = process.env['NIB_CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url))

const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ya?ml$/.test(file))
  : []

if (files.length === 0) console.log('no corpus of real policies: set NIB_CORPUS to a folder of YAML files to read them')

test.skipIf(files.length === 0)('real files of others are ignored, and broken ones say that they are no YAML', () => {
  const unreadable: string[] = []
  for (const file of files) {
    const { diagnostics } = compile([{ file, text: readFileSync(join(folder, file), 'utf8') }], OPTIONS)
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    if (errors.length === 0) continue
    expect(new Set(errors), file).toEqual(new Set(['yaml-syntax']))
    unreadable.push(file)
  }
  expect(unreadable.length).toBeLessThan(files.length / 20)
})
