/** What the pages state in a sentence is what happens. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readYaml } from '../../src/compile/index.ts'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

function page(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ')
}

test('docs/kubernetes-rbac.md says what nib why says of an annotation without a ceiling', async () => {
  const text = readFileSync(new URL('../../docs/kubernetes-rbac.md', import.meta.url), 'utf8')
  const [account = '', ...more] = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const folder = tempFolder()
  folder.write('account.yaml', account.slice(0, account.indexOf('---')))
  folder.write('annotation.yaml', more.at(-1)?.split('---\n')[0] ?? '')
  const argv = ['why', 'shop/orders', 'publish', 'shop.orders.new', '-p', folder.path]
  const ran = await nib(argv)
  expect(ran.exitCode).toBe(1)
  expect(ran.problems).toContain('info: ')
  const [, words = '', part = ''] =
    /`nib why` lists them as `([^`]+)` \(with `--json` as `([^`]+)`\)/.exec(page('kubernetes-rbac.md')) ?? []
  expect(ran.out).toMatch(new RegExp(`^${words} +ServiceAccount shop/orders`, 'm'))
  expect(JSON.parse((await nib([...argv, '--json'])).out)).toMatchObject({
    reasons: expect.arrayContaining([expect.objectContaining({ part })]),
  })
})

test('docs/policies.md states the limits of a file', () => {
  const [, mebibytes, levels] =
    /at most (\d+) MiB, nested at most (\d+) levels deep, and no YAML aliases/.exec(page('policies.md')) ?? []
  const codes = (text: string): string[] => readYaml({ file: 'p.yaml', text }).failures.map(({ code }) => code)
  const ofLength = (length: number): string => 'a: b\n#'.padEnd(length, 'x')
  const ofDepth = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const limit = Number(mebibytes) * 1024 * 1024
  expect([codes(ofLength(limit)), codes(ofLength(limit + 1))]).toEqual([[], ['file-too-large']])
  const deepest = Number(levels)
  expect(codes(ofDepth(deepest + 1))).toEqual(['file-too-deep'])
  expect(codes(ofDepth(deepest - 5))).toEqual([])
  expect(
    readYaml({ file: 'p.yaml', text: 'a: &x [b]\nc: *x\n' }).objects.flatMap(({ mistakes }) => mistakes),
  ).toMatchObject([{ code: 'alias-unsupported' }])
})
