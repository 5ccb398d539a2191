import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { describe, expect, test } from 'vitest'
import { parseConfig, pathResolver } from '../../src/config/index.ts'
import { referenceTable } from './reference-table.ts'
import { spell } from './support.ts'

const PAGE = new URL('../../docs/configuration.md', import.meta.url)
const EXAMPLES = new URL('../../deploy/examples/', import.meta.url)
const TABLE = /(<!-- table -->\n)[\s\S]*(<!-- end of table -->)/

describe('the documentation', () => {
  test('has the table of fields that the schema gives', async () => {
    const page = readFileSync(PAGE, 'utf8')
    const table = await format(referenceTable(), { parser: 'markdown', printWidth: 120 })
    const written = page.replace(TABLE, (_all, start: string, end: string) => `${start}\n${table}\n${end}`)
    expect(TABLE.test(page)).toBe(true)
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(PAGE, written)
    expect(readFileSync(PAGE, 'utf8')).toBe(written)
  })

  test('describes every field', () => {
    expect(
      referenceTable()
        .split('\n')
        .filter((line) => /\|\s*\|$/.test(line)),
    ).toEqual([])
  })

  test.for(readdirSync(EXAMPLES).filter((file) => file.startsWith('bridge.')))('ships a sound example %s', (file) => {
    const result = parseConfig({ file, text: readFileSync(new URL(file, EXAMPLES), 'utf8') }, pathResolver('/etc/nib'))
    expect(result.ok ? '' : spell(result.error)).toBe('')
    expect(result.ok && result.value.diagnostics).toEqual([])
    expect(file).toContain(result.ok ? result.value.config.callout.mode : '')
  })
})
