import { chmodSync, symlinkSync } from 'node:fs'
import { relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPolicyFolders } from '../../src/sources/index.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const root = process.getuid?.() === 0

describe('reading a policy folder', () => {
  test('gives every YAML and JSON file below it in the order of the paths, and nothing else', async () => {
    const folder = tempFolder()
    folder.write('shop/b.yml', 'b: 1')
    folder.write('shop/a.yaml', 'a: 1')
    folder.write('z.yaml', 'z: 1')
    folder.write('README.md', '# no')
    folder.write('shop/DENY.YAML', 'd: 1')
    folder.write('shop/deny.json', '{"d": 1}')
    folder.write('.draft.yaml', 'no')
    folder.write('shop/b.yml~', 'no')
    const texts = await readPolicyFolders([folder.path], (path) => relative(folder.path, path))
    expect(texts).toEqual({
      ok: true,
      value: [
        { file: 'shop/DENY.YAML', text: 'd: 1' },
        { file: 'shop/a.yaml', text: 'a: 1' },
        { file: 'shop/b.yml', text: 'b: 1' },
        { file: 'shop/deny.json', text: '{"d": 1}' },
        { file: 'z.yaml', text: 'z: 1' },
      ],
    })
  })

  test('gives the files of a Kubernetes mount once', async () => {
    const folder = tempFolder()
    folder.mount('v1', { 'a.yaml': 'a: 1' })
    const texts = await readPolicyFolders([folder.path])
    expect(texts).toEqual({ ok: true, value: [{ file: folder.at('a.yaml'), text: 'a: 1' }] })
  })

  test('reads several folders and single files, each file once', async () => {
    const folder = tempFolder()
    folder.write('one/a.yaml', 'a: 1')
    folder.write('two/b.yaml', 'b: 1')
    folder.write('extra', 'c: 1')
    const texts = await readPolicyFolders([folder.at('one'), folder.at('two'), folder.at('two'), folder.at('extra')])
    expect(texts.ok && texts.value.map(({ text }) => text)).toEqual(['c: 1', 'a: 1', 'b: 1'])
  })

  test.for<[string, (folder: TempFolder) => void, string, RegExp]>([
    ['a folder that is not there', () => undefined, 'folder-unreadable', /does not exist/],
    ['a folder without YAML', (folder) => folder.write('policy/README.md', 'x'), 'folder-empty', /holds no YAML file/],
    ['an empty file', (folder) => folder.write('policy/a.yaml', '\n'), 'file-empty', /is empty/],
    [
      'a file of a mebibyte and more',
      (folder) => folder.write('policy/a.yaml', '#'.repeat(1_048_577)),
      'file-unreadable',
      /larger/,
    ],
    [
      'a dangling link',
      (folder) => {
        folder.write('policy/a.yaml', 'a: 1')
        symlinkSync('gone', folder.at('policy/b.yaml'))
      },
      'folder-unreadable',
      /b\.yaml does not exist/,
    ],
  ])('refuses %s as a whole', async ([, make, code, message]) => {
    const folder = tempFolder()
    make(folder)
    const texts = await readPolicyFolders([folder.at('policy')])
    expect(texts).toMatchObject({
      ok: false,
      error: [{ severity: 'error', code, message: expect.stringMatching(message) }],
    })
  })

  test.skipIf(root)('refuses a file that may not be read (not provable as root)', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'a: 1')
    chmodSync(folder.write('b.yaml', 'b: 1'), 0)
    expect(await readPolicyFolders([folder.path])).toMatchObject({ ok: false, error: [{ code: 'file-unreadable' }] })
  })

  test('never mixes two versions of a mount that is swapped while it is read', async () => {
    const folder = tempFolder()
    folder.mount('v1', { 'a.yaml': 'one', 'b.yaml': 'one' })
    let named = 0
    const texts = await readPolicyFolders([folder.path], (path) => {
      named += 1
      // The first file has been read by now, the second has not.
      if (named === 2) folder.mount('v2', { 'a.yaml': 'two', 'b.yaml': 'two' })
      return path
    })
    expect(texts.ok && texts.value.map(({ text }) => text)).toEqual(['two', 'two'])
  })

  test('gives up on a folder that changes at each reading, until it holds still', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'a')
    let version = 0
    const texts = await readPolicyFolders([folder.path], (path) => {
      version += 1
      folder.replace('a.yaml', `version ${version}`)
      return path
    })
    expect(texts).toMatchObject({ ok: false, error: [{ code: 'folder-unstable' }] })
    expect(await readPolicyFolders([folder.path])).toMatchObject({ ok: true })
  })

  test('names every file that stands in the way', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', '')
    folder.write('b.yaml', 'b: 1')
    folder.write('c.yaml', ' ')
    const texts = await readPolicyFolders([folder.path])
    expect(!texts.ok && texts.error.map(({ file }) => file)).toEqual([folder.at('a.yaml'), folder.at('c.yaml')])
  })
})
