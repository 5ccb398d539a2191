/**
 * Roles, bindings and ServiceAccounts of real clusters and projects, where a checkout has them beside it (or NIB_CORPUS names the
 * folder): none of them speaks of NATS, so there is nothing to say of any, not even beside documents of ours.
 */
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { corpusFiles } from '../support/corpus.ts'
import { OPTIONS } from './support.ts'
import { accountMap } from './rbac-world.ts'

const sources = corpusFiles('rbac')

test.skipIf(sources.length === 0)('real roles and bindings are read without a word, and grant nothing', () => {
  const ours = { file: 'accounts.yaml', text: JSON.stringify(accountMap({ ALL: [{ authenticated: true }] })) }
  const { diagnostics, snapshot } = compile([ours, ...sources], OPTIONS)
  expect(diagnostics).toEqual([])
  expect(snapshot?.model.grants).toEqual([])
  expect(compile(sources, OPTIONS).diagnostics.map(({ code }) => code)).toEqual(['no-documents'])
})
