import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listFiles } from '../../src/files/index.ts'
import { tempFolder } from '../support/temp-folder.ts'

const yaml = { accept: (name: string) => name.endsWith('.yaml') }

describe('listing files', () => {
  test('walks folders in order, takes accepted names, skips hidden ones', async () => {
    const folder = tempFolder()
    folder.write('b.yaml', 'b')
    folder.write('a/z.yaml', 'z')
    folder.write('a/notes.txt', 'no')
    folder.write('.hidden.yaml', 'no')
    folder.write('.git/x.yaml', 'no')
    const listing = await listFiles([folder.path], yaml)
    expect(listing.files.map((file) => file.path)).toEqual([folder.at('a/z.yaml'), folder.at('b.yaml')])
    expect([...listing.folders.keys()]).toEqual([folder.path, folder.at('a')])
    expect(listing.problems).toEqual([])
  })

  test('shows each file of a Kubernetes mount once', async () => {
    const folder = tempFolder()
    folder.mount('v1', { 'one.yaml': '1', 'two.yaml': '2' })
    const listing = await listFiles([folder.path], yaml)
    expect(listing.files.map((file) => file.path)).toEqual([folder.at('one.yaml'), folder.at('two.yaml')])
  })

  test('takes a file that is named outright, whatever its name', async () => {
    const folder = tempFolder()
    folder.write('.seed', 'x')
    expect((await listFiles([folder.at('.seed')], yaml)).files).toHaveLength(1)
  })

  test('follows links to files and folders, and ends where a link leads back up', async () => {
    const folder = tempFolder()
    folder.write('elsewhere/p.yaml', 'p')
    mkdirSync(folder.at('policy'))
    symlinkSync('../elsewhere', folder.at('policy/linked'))
    symlinkSync('..', folder.at('policy/up'))
    const listing = await listFiles([folder.at('policy')], { ...yaml, maxDepth: 4 })
    expect(listing.files.map((file) => file.path)).toContain(folder.at('policy/linked/p.yaml'))
    expect(listing.problems.map(({ reason }) => reason)).toContain('more than 4 folders deep')
  })

  test('says of what is missing, or is no file, that it is', async () => {
    const folder = tempFolder()
    const listing = await listFiles([folder.at('nowhere'), '/dev/null'], yaml)
    expect(listing.problems).toEqual([
      { path: folder.at('nowhere'), reason: 'does not exist' },
      { path: '/dev/null', reason: 'neither a file nor a folder' },
    ])
  })

  test('says of a dangling link inside a folder that it leads nowhere', async () => {
    const folder = tempFolder()
    symlinkSync('gone.yaml', folder.at('x.yaml'))
    expect((await listFiles([folder.path], yaml)).problems).toEqual([
      { path: folder.at('x.yaml'), reason: 'does not exist' },
    ])
  })

  test('stops counting at its limit and says so', async () => {
    const folder = tempFolder()
    for (let index = 0; index < 20; index += 1) folder.write(`${index}.yaml`, 'x')
    const listing = await listFiles([folder.path], { ...yaml, maxEntries: 10 })
    expect(listing.files.length).toBeLessThanOrEqual(10)
    expect(listing.problems.map(({ reason }) => reason)).toEqual(['more than 10 files and folders'])
  })

  test.for<[string, (folder: ReturnType<typeof tempFolder>) => void]>([
    ['a longer text', (folder) => folder.write('a.yaml', 'longer')],
    ['a text of the same length and time', (folder) => sameTime(folder.at('a.yaml'), 'two')],
    ['a rename over it', (folder) => folder.replace('a.yaml', 'one')],
    ['another file', (folder) => folder.write('b.yaml', 'b')],
    ['its removal', (folder) => folder.remove('a.yaml')],
  ])('gives another fingerprint after %s', async ([, change]) => {
    const folder = tempFolder()
    sameTime(folder.write('a.yaml', 'one'), 'one')
    const before = await listFiles([folder.path], yaml)
    expect((await listFiles([folder.path], yaml)).fingerprint).toBe(before.fingerprint)
    change(folder)
    expect((await listFiles([folder.path], yaml)).fingerprint).not.toBe(before.fingerprint)
  })

  test('gives another fingerprint after a link swap that keeps size and time', async () => {
    const folder = tempFolder()
    folder.mount('v1', { 'a.yaml': 'one' })
    sameTime(folder.at('..v1/a.yaml'), 'one')
    const before = await listFiles([folder.path], yaml)
    folder.mount('v2', { 'a.yaml': 'two' })
    sameTime(folder.at('..v2/a.yaml'), 'two')
    expect((await listFiles([folder.path], yaml)).fingerprint).not.toBe(before.fingerprint)
  })
})

/** As `cp -p` and `rsync -t` leave it: the time of the content, not of the copy. */
function sameTime(path: string, text: string): void {
  writeFileSync(path, text)
  utimesSync(path, 1_700_000_000, 1_700_000_000)
}
