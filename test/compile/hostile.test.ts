/** Files made to cost: each is refused by a limit, before or while it is read, and never by the clock. */
import { describe, expect, test } from 'vitest'
import { MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_LENGTH, MAX_LEXEMES } from '../../src/compile/yaml/read-yaml.ts'
import { API_VERSION, codesOf, compileText, errorsOf } from './support.ts'

const FULL = MAX_FILE_LENGTH
const HEAD = `apiVersion: ${API_VERSION}\nkind: SubjectPolicy\nmetadata: {name: x, namespace: shop}\nspec:\n`

function fill(text: string, length = FULL): string {
  return text.repeat(Math.floor(length / text.length))
}

const refused: { what: string; text: string; code: string }[] = [
  { what: 'one character too many', text: 'x'.repeat(FULL + 1), code: 'file-too-large' },
  { what: 'lists within lists, as brackets', text: fill('['), code: 'file-too-deep' },
  { what: 'objects within objects, as braces', text: fill('{a: '), code: 'file-too-deep' },
  { what: 'lists within lists, as dashes', text: fill('- '), code: 'file-too-deep' },
  { what: 'keys within keys', text: fill('? '), code: 'file-too-deep' },
  {
    what: 'objects within objects, by indentation',
    text: Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
    code: 'file-too-deep',
  },
  { what: 'equal keys', text: HEAD + fill('  k: 1\n', FULL - HEAD.length), code: 'file-too-large' },
  { what: 'empty lines', text: fill('\n'), code: 'file-too-large' },
  { what: 'commas', text: `[${fill(',', FULL - 1)}`, code: 'file-too-large' },
  { what: 'anchors', text: fill('&a '), code: 'file-too-large' },
  { what: 'empty documents', text: fill('---\n'), code: 'file-too-large' },
  { what: 'closing brackets', text: fill(']'), code: 'yaml-syntax' },
]

describe('a hostile file', () => {
  test.for(refused)('of $what is refused with one error', ({ text, code }) => {
    const compilation = compileText(text)
    expect(codesOf(compilation)).toEqual([code])
    expect(compilation.withheld).toBeDefined()
  })

  test('that is no YAML says why in a whole sentence', () => {
    expect(compileText('kind: [').diagnostics).toMatchObject([
      {
        message: 'not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      },
    ])
    expect(compileText('a: "x').diagnostics).toMatchObject([{ message: 'not valid YAML: Missing closing "quote' }])
  })

  // YAML 1.2 ends a line at a lone CR, Kubernetes' YAML 1.1 also at the others; the reader here does at none of them.
  test.for([
    ['CR', '\r'],
    ['NEL', '\u0085'],
    ['LS', '\u2028'],
    ['PS', '\u2029'],
  ] as const)('that ends a line at %s alone loses no DENY to a comment', ([, end]) => {
    const deny = `${HEAD}  principals: [{namespace: shop}]\n  action: DENY\n  grants: [{publish: [a]}]\n`
    expect(errorsOf(compileText(deny))).toEqual([])
    for (const text of [
      `# who may not${end}${deny.replaceAll('\n', end)}`,
      deny.replace(']\n  action', `] # whom${end}  action`),
      `${deny}---\n# more${end}${deny.replace('name: x', 'name: y')}`,
    ]) {
      const compilation = compileText(text)
      expect(codesOf(compilation)).toEqual(['yaml-syntax'])
      expect(compilation.withheld).toBeDefined()
    }
  })

  test.for([
    ['UTF-16 without a mark', (text: string) => Buffer.from(text, 'utf16le').toString('utf8')],
    ['zeros behind it, as a lost write leaves them', (text: string) => `${text}${'\0'.repeat(100)}`],
    ['an escape sequence in it', (text: string) => text.replace('name: x', 'name: \u001b[31mx')],
  ] as const)('of %s is refused whole, with its place', ([, bend]) => {
    const compilation = compileText(bend(`${HEAD}  principals: [{namespace: shop}]\n  grants: [{publish: [a]}]\n`))
    expect(compilation.diagnostics).toMatchObject([
      { code: 'yaml-syntax', line: expect.any(Number), hint: expect.any(String) },
    ])
    expect(compilation.withheld).toBeDefined()
  })

  test('may end its lines as Windows does, begin with a mark, and hold any writing', () => {
    const text = `${HEAD}  principals: [{namespace: shop}]\n  grants: [{publish: [a]}]\n# déjà vu 𝄞 \u00a0 \t\n`
    expect(errorsOf(compileText(`\ufeff${text.replaceAll('\n', '\r\n')}`))).toEqual([])
  })

  test('just within the limits is read', () => {
    const depth = MAX_DEPTH - 5
    expect(codesOf(compileText(`a: ${'['.repeat(depth)}${']'.repeat(depth)}\n`))).not.toContain('file-too-deep')
    expect(codesOf(compileText('---\n'.repeat(MAX_DOCUMENTS)))).toEqual(['no-documents'])
    expect(codesOf(compileText(`# ${'x'.repeat(FULL - 2)}`))).toEqual(['no-documents'])
    // A comment and its line end are two tokens.
    expect(codesOf(compileText('#\n'.repeat(MAX_LEXEMES / 2)))).toEqual(['no-documents'])
  })

  test('whose aliases would multiply is not expanded, in our documents or in those of others', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `b${level + 1}: &b${level + 1} [${Array(9).fill(`*b${level}`).join()}]`,
    )
    const bomb = ['b0: &b0 [x]', ...levels].map((line) => `  ${line}\n`).join('')
    const foreign = compileText(`apiVersion: v1\nkind: ConfigMap\ndata:\n${bomb}`)
    expect(codesOf(foreign)).toEqual(['no-documents'])
    const ours = compileText(`${HEAD}${bomb}`)
    expect(codesOf(ours)).toContain('alias-unsupported')
    expect(ours.snapshot).toBeDefined()
  })

  test('with more mistakes than anybody reads is told in part, and the rest is counted', () => {
    const patterns = Array.from({ length: 20_000 }, (_, index) => `    - a..${index}\n`).join('')
    const one = compileText(`${HEAD}  principals: [{namespace: shop}]\n  grants:\n  - publish:\n${patterns}`)
    expect(one.diagnostics.length).toBeLessThan(60)
    expect(one.diagnostics.find(({ code }) => code === 'more-mistakes')?.message).toBe(
      'the document has 19950 more mistakes',
    )

    const documents = Array.from({ length: 1000 }, () => `---\napiVersion: ${API_VERSION}\nkind: Nobody\n`).join('')
    const many = compileText(documents)
    expect(many.diagnostics).toHaveLength(201)
    expect(many.diagnostics.at(-1)).toMatchObject({ severity: 'error', message: '800 more diagnostics are not shown' })
    expect(many.withheld).toMatch(/ \(and 999 more\)$/)
  })

  test('quotes little of itself', () => {
    const { diagnostics } = compileText(
      `${HEAD}  action: ${'D'.repeat(100_000)}\n  ${'k'.repeat(900)}: 1\n  principals: []\n`,
    )
    for (const { message, hint = '' } of diagnostics) expect(message.length + hint.length).toBeLessThan(400)
  })
})
