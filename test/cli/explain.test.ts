/** `nib explain`, and that what it advises can be typed: docs/refusals.md and the log say the same words. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MENDERS, REFUSALS } from '../../src/policy/refusal.ts'
import { nib } from '../support/nib.ts'

const ROOT = resolve(import.meta.dirname, '../..')

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8')
}

describe('nib explain', () => {
  test.for([
    ['the code alone', ['TOKEN_AUDIENCE']],
    ['the code and the decision id, as the log of nats-server has them', ['TOKEN_AUDIENCE', '8314e58b-7']],
    ['both in one', ['TOKEN_AUDIENCE 8314e58b-7']],
    ['the code as the HTTP door spells it', ['token-audience']],
  ] as const)('takes %s', async ([, argv]) => {
    const ran = await nib(['explain', ...argv])
    expect([ran.exitCode, ran.problems]).toEqual([0, ''])
    expect(ran.out).toMatch(/^TOKEN_AUDIENCE {2}the token is meant for another audience\n/)
    expect(ran.out).toContain(REFUSALS.TOKEN_AUDIENCE.next)
  })

  test('says what docs/refusals.md shows of it', async () => {
    const [, shown] = /^\$ nib (explain .*)\n[^]*?^```$/m.exec(read('docs/refusals.md')) ?? []
    const { out } = await nib((shown ?? '').split(' '))
    expect(read('docs/refusals.md')).toContain(`$ nib ${shown}\n${out}\`\`\``)
  })

  test('lists every code', async () => {
    const { out } = await nib(['explain'])
    expect(
      out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(Object.keys(REFUSALS))
  })

  test('answers machines, of one and of all', async () => {
    const one: unknown = JSON.parse((await nib(['explain', 'ENVELOPE_SEALED', '--json'])).out)
    expect(one).toEqual({
      code: 'ENVELOPE_SEALED',
      answered: false,
      meaning: REFUSALS.ENVELOPE_SEALED.meaning,
      menders: [MENDERS.bridge],
      next: REFUSALS.ENVELOPE_SEALED.next,
    })
    const all: unknown = JSON.parse((await nib(['explain', '--json'])).out)
    expect(all).toHaveLength(Object.keys(REFUSALS).length)
    expect(all).toContainEqual(one)
  })

  test.for([
    ['TOKEN_AUDIENC', 'did you mean "TOKEN_AUDIENCE"?'],
    ['istio-from-to-split', 'nib lint --explain'],
    ['constructor', 'nib explain lists them'],
  ] as const)('does not know %s, and says what to do', async ([code, hint]) => {
    const ran = await nib(['explain', code])
    expect([ran.exitCode, ran.out]).toEqual([2, ''])
    expect(ran.problems).toContain(hint)
  })
})

test('what-can says of who cannot log in what to do next', async () => {
  const { out } = await nib(['what-can', 'nobody/x', '-p', 'deploy/demo/policy'])
  expect(out).toContain(`\nto mend it: ${REFUSALS.ACCOUNT_NONE.next}\n`)
})

test('why shows no table of rules where there is none', async () => {
  const { out } = await nib(['why', 'nobody/x', 'publish', 'a', '-p', 'deploy/demo/policy'])
  expect(out).not.toMatch(/^ *rule +pattern/m)
  expect(out).toContain('to grant it')
})

describe('what to do next', () => {
  const spans = Object.entries(REFUSALS).flatMap(([code, { next }]) =>
    [...next.matchAll(/`([^`]+)`/g)].map(([, span = '']) => [code, span] as const),
  )

  test.for(spans.filter(([, span]) => span.startsWith('nib ')))('of %s is a command: %s', async ([, command]) => {
    const { problems } = await nib(command.split(' ').slice(1))
    expect(problems).not.toMatch(/unknown (?:command|option)|too many arguments|missing required argument/)
  })

  test.for(spans.filter(([, span]) => /^(?:callout|identity|sessions|accounts)\b/.test(span)))(
    'of %s names a field of bridge.yaml: %s',
    ([, field]) => {
      expect(read('docs/configuration.md')).toContain(`| \`${field}\` `)
    },
  )

  test('names pages that there are', () => {
    const pages = Object.values(REFUSALS).flatMap(({ next }) => next.match(/docs\/[\w-]+\.md/g) ?? [])
    expect(pages.length).toBeGreaterThan(0)
    for (const page of pages) expect(read(page)).not.toBe('')
  })
})
