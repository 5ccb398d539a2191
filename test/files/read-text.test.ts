import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { readText } from '../../src/files/index.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('reading a file', () => {
  test('gives text and permissions, without a byte order mark', async () => {
    const folder = tempFolder()
    const path = folder.write('a', '\uFEFFgrüße\n', 0o640)
    expect(await readText(path, 100)).toEqual({ ok: true, value: { text: 'grüße\n', mode: 0o640 } })
  })

  test('takes exactly the limit and not one byte more', async () => {
    const folder = tempFolder()
    const path = folder.write('a', 'x'.repeat(10))
    expect(await readText(path, 10)).toMatchObject({ ok: true })
    expect(await readText(path, 9)).toEqual({ ok: false, error: 'is larger than 9 bytes' })
  })

  test.for<[string, (folder: ReturnType<typeof tempFolder>) => string, string]>([
    ['nothing', (folder) => folder.at('none'), 'does not exist'],
    ['a folder', (folder) => folder.path, 'is a folder'],
    ['a path through a file', (folder) => `${folder.write('f', '')}/x`, 'leads through a file'],
    ['a device', () => '/dev/null', 'is not a regular file'],
  ])('refuses %s', async ([, place, reason]) => {
    expect(await readText(place(tempFolder()), 100)).toEqual({ ok: false, error: reason })
  })

  test('refuses a pipe instead of waiting for a writer', async () => {
    const folder = tempFolder()
    execFileSync('mkfifo', [folder.at('pipe')])
    expect(await readText(folder.at('pipe'), 100)).toEqual({ ok: false, error: 'is not a regular file' })
  })

  test('refuses bytes that are no UTF-8', async () => {
    const folder = tempFolder()
    const path = folder.at('bytes')
    execFileSync('sh', ['-c', String.raw`printf '\377\376secret' > "$0"`, path])
    expect(await readText(path, 100)).toEqual({ ok: false, error: 'is not UTF-8 text' })
  })
})
