import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createDevFolder } from '../../src/dev/dev-folder.ts'
import { keepTokenFiles } from '../../src/dev/token-files.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('token files', () => {
  test('are made anew before they end, and never half', async () => {
    const { path: folder } = tempFolder()
    const path = join(folder, 'shop', 'orders.token')
    let made = 0
    const mint = (): Promise<string> => Promise.resolve(`token ${(made += 1)}`)
    const files = await keepTokenFiles([{ path, mint }], 0.05)
    onTestFinished(() => files.stop())
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'shop'))).mode & 0o777).toBe(0o700)
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toMatch(/^token [3-9]$/))
    expect((await readdir(join(folder, 'shop'))).filter((name) => !name.endsWith('.new'))).toEqual(['orders.token'])
  })
})

describe('the folder of a run', () => {
  test('is for its owner alone, and goes with all that is in it', async () => {
    const folder = await createDevFolder()
    const file = await folder.write('keys/issuer.nk', 'a seed')
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await folder.remove()
    await expect(stat(folder.path)).rejects.toThrow(/ENOENT/)
  })
})
