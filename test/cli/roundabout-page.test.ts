/**
 * docs/roundabout-ways.md: its commands are run on its documents and print what it shows; it speaks of every kind of way.
 * REFRESH_GOLDEN=1 writes what they print into the page; read the difference before it is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const PATH = resolve(import.meta.dirname, '../../docs/roundabout-ways.md')
const PAGE = readFileSync(PATH, 'utf8')
const CONSOLE = /^```console\n([^]*?)^```$/gm

function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(PAGE)?.[1] ?? ''
}

test('the page shows what the commands print', async () => {
  const folder = tempFolder()
  const places = new Map([
    ['policy', folder.write('policy/shop.yaml', block('yaml')).replace('/shop.yaml', '')],
    ['topology.json', folder.write('topology.json', block('json'))],
  ])
  let written = PAGE
  for (const [shown, text = ''] of PAGE.matchAll(CONSOLE)) {
    const [command = ''] = text.split('\n')
    const argv = command.split(' ').slice(2)
    const { out } = await nib(argv.map((word) => places.get(word) ?? word))
    written = written.replace(
      shown,
      () => `\`\`\`console\n${command}\n${out.replaceAll(`${folder.path}/`, '').trimEnd()}\n\`\`\``,
    )
  }
  expect([...PAGE.matchAll(CONSOLE)]).toHaveLength(3)
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(PATH, written)
  expect(PAGE).toBe(written)
})

test('the page tells of every kind of way', () => {
  const source = readFileSync(resolve(import.meta.dirname, '../../src/audit/roundabout/way.ts'), 'utf8')
  const kinds = [...(/export type WayKind =([^]*?)\n\n/.exec(source)?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(
    ([, kind]) => kind,
  )
  expect(kinds.length).toBeGreaterThan(10)
  const told = new Set(
    [...PAGE.matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([\w-]+)`/g)].map((match) => match[1]),
    ),
  )
  expect(kinds.filter((kind) => !told.has(kind))).toEqual([])
})
