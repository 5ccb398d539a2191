/**
 * The README and the pages on questions: their commands are run, on the shop or on the documents of the page, and print what the page shows.
 * REFRESH_GOLDEN=1 writes what they print into the pages; read the difference before it is committed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGES = [
  'README.md',
  'docs/questions.md',
  'docs/who-can.md',
  'docs/what-can.md',
  'docs/why.md',
  'docs/plan.md',
  'docs/drift.md',
  'docs/access-review.md',
  'docs/subject-route.md',
] as const
const CONSOLE = /^```console\n([^]*?)^```$/gm

test.for(PAGES)('%s shows what the commands print', async (page) => {
  const path = resolve(ROOT, page)
  const text = readFileSync(path, 'utf8')
  const folder = writeDocuments(text)
  let written = text
  for (const [block, shown = ''] of text.matchAll(CONSOLE)) {
    const [command = ''] = shown.split('\n')
    const now = `\`\`\`console\n${command}\n${await printed(command, folder)}\n\`\`\``
    written = written.replace(block, () => now)
  }
  expect([...text.matchAll(CONSOLE)].length).toBeGreaterThan(0)
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(path, written)
  expect(text).toBe(written)
})

/** Blocks of YAML that begin with the name of a file. @returns the folder, and the names at its top */
function writeDocuments(page: string): { readonly path: string; readonly names: ReadonlySet<string> } {
  const { path } = tempFolder()
  const names = new Set<string>()
  for (const [, name = '', text = ''] of page.matchAll(/^```yaml\n# (\S+)\n([^]*?)^```$/gm)) {
    const file = resolve(path, name)
    mkdirSync(dirname(file), { recursive: true })
    // As in the page, so that lines count alike.
    writeFileSync(file, `# ${name}\n${text}`)
    names.add(name.split('/')[0] ?? '')
  }
  return { path, names }
}

/** What a shell would show on standard output, of the few things that the pages ask of one. */
async function printed(line: string, { path, names }: ReturnType<typeof writeDocuments>): Promise<string> {
  const [, command = '', head, echo] = /^\$ nib (.*?)(?: \| head -(\d+))?(; echo \$\?)?$/.exec(line) ?? []
  const argv = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  const ran = await nib(argv.map((word) => (names.has(word.split('/')[0] ?? '') ? resolve(path, word) : word)))
  const lines = ran.out.replaceAll(`${path}/`, '').trimEnd().split(/\r?\n/)
  return [
    ...(head === undefined ? lines : lines.slice(0, Number(head))),
    ...(echo === undefined ? [] : [ran.exitCode]),
  ].join('\n')
}
