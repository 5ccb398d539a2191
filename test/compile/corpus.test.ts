/**
 * Real files of other people, where a checkout has them beside it (or NIB_CORPUS names the folder): none of them is ours,
 * so none may be taken for ours, and whatever else is wrong with them must not stop us.
 */
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { corpusFiles } from '../support/corpus.ts'
import { OPTIONS } from './support.ts'

const files = corpusFiles()

if (files.length === 0) console.log('no corpus of real policies: set NIB_CORPUS to a folder of YAML files to read them')

test.skipIf(files.length === 0)('real files of others are ignored, and broken ones say that they are no YAML', () => {
  const unreadable: string[] = []
  for (const source of files) {
    const { file } = source
    const { diagnostics } = compile([source], OPTIONS)
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    if (errors.length === 0) continue
    expect(new Set(errors), file).toEqual(new Set(['yaml-syntax']))
    unreadable.push(file)
  }
  expect(unreadable.length).toBeLessThan(files.length / 20)
})
