/** The page on testing policies shows files and what `nib test` says of them: they are written out, run, and compared. REFRESH_GOLDEN=1 writes the page anew. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const PAGE = new URL('../../docs/testing-policies.md', import.meta.url)
const FILE = /^```yaml\n# (\S+)\n(.*?)^```$/gms
const SHOWN = /^```text\n\$ nib (.*)\n[^`]*```$/m

test('the page shows what its own files give', async () => {
  const page = readFileSync(PAGE, 'utf8')
  const folder = tempFolder()
  for (const [, name = '', text = ''] of page.matchAll(FILE)) folder.write(name, `# ${name}\n${text}`)
  const [command = '', ...argv] = SHOWN.exec(page)?.[1]?.split(' ') ?? []
  const ran = await nib([command, ...argv.map((word) => (word.endsWith('.yaml') ? folder.at(word) : word))])
  expect(ran).toMatchObject({ exitCode: 1, problems: '' })
  const said = withoutPath(ran.out, folder.path)
  const written = page.replace(SHOWN, (_, asked: string) => `\`\`\`text\n$ nib ${asked}\n${said.trimEnd()}\n\`\`\``)
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(PAGE, written)
  expect(readFileSync(PAGE, 'utf8')).toBe(written)
})

function withoutPath(text: string, path: string): string {
  return text.replaceAll(`${path}/`, '')
}
