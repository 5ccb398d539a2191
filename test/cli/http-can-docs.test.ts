/** The page on AuthorizationPolicy: its commands are run on its documents, and print what it says. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/authorization-policy.md'), 'utf8')

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)
}

/** Words of a command line, with single quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

test('docs/authorization-policy.md shows what the commands print', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nib-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'policy'))
  writeFileSync(join(folder, 'policy/shop.yaml'), blocks('yaml')[0] ?? '')
  const questions = blocks('json')[0] ?? ''
  const shown = blocks('console').flatMap((block) => block.split(/^(?=\$ nib )/m))
  expect(shown).toHaveLength(4)
  for (const example of shown) {
    const [command = '', ...lines] = example.trimEnd().split('\n')
    const argv = words(command.replace(/^\$ nib /, '').replace(/ < .*$/, ''))
    let out = ''
    let problems = ''
    await runCommand(
      argv.map((word) => (word === 'policy' ? join(folder, word) : word)),
      {
        out: { write: (text) => (out += text) },
        problems: { write: (text) => (problems += text) },
        input: async function* input() {
          yield questions
        },
        env: {},
      },
    )
    const fromHere = `${folder}/`
    expect(out.trimEnd().replaceAll(fromHere, '')).toBe(lines.join('\n'))
    // A hint stands below its message, which begins behind the name of the file.
    const margin = ' '.repeat(fromHere.length)
    expect(problems.replaceAll(fromHere, '').replaceAll(`\n${margin}`, '\n')).toBe(blocks('text')[0])
  }
})
