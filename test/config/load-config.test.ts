import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configJsonSchema, loadConfig } from '../../src/config/index.ts'
import { namedPaths } from '../../src/config/load-config.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { CONFIG_MODE, spell } from './support.ts'

function sound(): TempFolder {
  const folder = tempFolder()
  folder.write('bridge.yaml', CONFIG_MODE)
  folder.write('secrets/password', 'x')
  folder.write('secrets/issuer.nk', 'x')
  folder.write('policy/a.yaml', '# nothing')
  return folder
}

async function refusal(path: string): Promise<string> {
  const result = await loadConfig(path)
  if (result.ok) throw new Error('loaded')
  return spell(result.error)
}

describe('loading a configuration', () => {
  test('resolves paths from the folder of the file', async () => {
    const folder = sound()
    const result = await loadConfig(folder.at('bridge.yaml'))
    expect(result).toMatchObject({
      ok: true,
      value: { config: { policy: { folders: [folder.at('policy')] } }, diagnostics: [] },
    })
  })

  test('names each missing file where it is written, beside the other mistakes', async () => {
    const folder = sound()
    folder.remove('secrets')
    folder.remove('policy')
    folder.write('bridge.yaml', CONFIG_MODE.replace('account: AUTH', 'acount: AUTH'))
    const found = await refusal(folder.at('bridge.yaml'))
    expect(found.split('\n').filter((line) => /^\d/.test(line))).toEqual([
      expect.stringMatching(/^7:19 error file-missing: nats\.credentials\.passwordFile: \/.* does not exist$/),
      expect.stringMatching(/^8:1 error missing-field: callout\.account is missing/),
      expect.stringMatching(/^10:3 error unknown-field: unknown field "acount"/),
      expect.stringMatching(/^12:17 error file-missing: callout\.issuer\[0\]\.seedFile: /),
      expect.stringMatching(/^24:13 error file-missing: policy\.folders\[0\]: /),
    ])
    expect(found).toContain('hint: relative paths start from the folder of this file')
  })

  test('does not look for a file whose name is a secret', async () => {
    const folder = sound()
    const seed = `SA${'B'.repeat(56)}`
    folder.write('bridge.yaml', CONFIG_MODE.replace('secrets/issuer.nk', seed))
    const found = await refusal(folder.at('bridge.yaml'))
    expect(found).toMatch(/^12:17 error secret-in-config/)
    expect(found).not.toContain(seed)
  })

  test.for<[string, (folder: TempFolder) => string, RegExp]>([
    ['a missing file', (folder) => folder.at('none.yaml'), /config-unreadable: .* does not exist\n.*--config/],
    ['a folder', (folder) => folder.path, /config-unreadable: .* is a folder/],
    [
      'a huge file',
      (folder) => folder.write('huge.yaml', '#'.repeat(1_048_577)),
      /config-unreadable: .* is larger than/,
    ],
    ['an empty file', (folder) => folder.write('empty.yaml', ''), /not-one-document: the file is empty/],
  ])('refuses %s', async ([, path, message]) => {
    expect(await refusal(path(tempFolder()))).toMatch(message)
  })

  test('finds every field of the schema that holds a path', () => {
    const schema = JSON.stringify([configJsonSchema('config'), configJsonSchema('operator')])
    const marked = new Set(
      [...schema.matchAll(/"(\w+)":\{[^{}]*"examples":\["secrets\/file"\]/g)].map(([, name]) => name),
    )
    marked.delete('items')
    expect(marked.size).toBeGreaterThan(8)
    for (const name of marked) {
      if (name === undefined) continue
      const path = name === 'file' ? { keys: { file: 'p' } } : { [name]: 'p' }
      expect(namedPaths(path, []), name).toHaveLength(1)
    }
    expect(namedPaths({ policy: { folders: ['a', 'b'] } }, [])).toHaveLength(2)
  })

  test('reads no environment', async () => {
    const folder = sound()
    folder.write('bridge.yaml', CONFIG_MODE.replace('folders: [policy]', 'folders: ["$HOME"]'))
    expect(await refusal(folder.at('bridge.yaml'))).toContain(folder.at('$HOME'))
    for (const file of ['load-config', 'parse-config', 'to-config', 'schema']) {
      const source = readFileSync(new URL(`../../src/config/${file}.ts`, import.meta.url), 'utf8')
      expect(source).not.toContain('process.env')
    }
  })
})
