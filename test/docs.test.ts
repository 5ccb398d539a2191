import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { renderLint } from './support/render-lint.ts'
import { renderRefusals } from './support/render-refusals.ts'

const ROOT = resolve(import.meta.dirname, '..')

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8')
}

test('docs/refusals.md lists every code as the code has it', () => {
  const text = read('docs/refusals.md')
  const intro = text.slice(0, text.indexOf('\n| '))
  const written = `${intro.trimEnd()}\n\n${renderRefusals()}\n`
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(resolve(ROOT, 'docs/refusals.md'), written)
  expect(text).toBe(written)
})

test('docs/lint.md has an entry for every finding as the code has it', () => {
  const text = read('docs/lint.md')
  const intro = text.split(/^## /m)[0] ?? ''
  const written = `${intro.trimEnd()}\n\n${renderLint()}\n`
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(resolve(ROOT, 'docs/lint.md'), written)
  expect(text).toBe(written)
})

test('docs/dependencies.md gives a reason for each dependency, and for no other', () => {
  const manifest: unknown = JSON.parse(read('package.json'))
  const named = new Set(
    [...read('docs/dependencies.md').matchAll(/^\| ((?:`[^`]+`(?:, )?)+)/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]),
    ),
  )
  const { dependencies, devDependencies } = manifest as { dependencies: object; devDependencies: object }
  expect([...named].toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).toSorted())
})
