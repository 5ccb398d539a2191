/** The documents that the pages under `docs/` show compile, all of a page together, without an error or a warning. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { OPTIONS } from './support.ts'

const FOLDER = new URL('../../docs/', import.meta.url)

interface Page {
  readonly name: string
  readonly blocks: readonly { readonly file: string; readonly text: string }[]
}

/** Blocks that are documents; fragments, and files of other programs, have no `kind`. */
function pageOf(name: string): Page {
  const text = readFileSync(new URL(name, FOLDER), 'utf8')
  const blocks = [...text.matchAll(/^```ya?ml\n(.*?)^```$/gms)].flatMap(({ 1: block = '', index }) => {
    const line = text.slice(0, index).split('\n').length
    return /^kind: (?!PolicyTest|BridgeConfig)/m.test(block) ? [{ file: `${name}:${line}`, text: block }] : []
  })
  return { name, blocks }
}

/** Their examples are what should not be written, or two policies to be compared, and have tests of their own. */
const OTHERS: ReadonlySet<string> = new Set(['lint.md', 'drift.md', 'plan.md'])

const pages = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.md') && !OTHERS.has(file))
  .map(pageOf)
  .filter(({ blocks }) => blocks.length > 0)

describe('the documents of a page', () => {
  test.for(pages)('$name compile', ({ blocks }) => {
    const { withheld, diagnostics } = compile(blocks, OPTIONS)
    expect(withheld).toBeUndefined()
    expect(diagnostics.filter(({ severity, code }) => severity !== 'info' && code !== 'no-accounts')).toEqual([])
  })

  test('are there', () => {
    expect(pages.map(({ name }) => name)).toContain('policies.md')
  })
})
