/** Documents of real teams, where they lie beside the project: each is read, and refused only where Istio refuses it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readYaml } from '../../src/compile/index.ts'
import {
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  parseAuthorizationPolicy,
  selectPolicies,
} from '../../src/istio/index.ts'
import { isJsonObject, type Json } from '../../src/lib/json.ts'
import { CORPUS, corpusFiles } from '../support/corpus.ts'

const FOLDER = join(CORPUS, 'authorization-policy')

interface Found {
  readonly file: string
  readonly name: string
  readonly document: Json
}

function documents(): Found[] {
  return corpusFiles('authorization-policy').flatMap((source) =>
    readYaml(source).objects.flatMap(({ value: document }) => {
      if (!isJsonObject(document) || document['kind'] !== 'AuthorizationPolicy') return []
      const metadata = document['metadata']
      const written = isJsonObject(metadata) ? metadata['name'] : undefined
      const name = typeof written === 'string' ? written : ''
      return [{ file: source.file, name, document }]
    }),
  )
}

/** `file: name` of what the column on Istio's own validation says, by verdict. */
function verdicts(word: 'refused' | 'warning'): string[] {
  const rows = readFileSync(join(CORPUS, 'INDEX.md'), 'utf8').split('\n')
  return rows.flatMap((row) => {
    const cells = row.split('|').map((cell) => cell.trim())
    const file = cells[1]?.replaceAll('`', '') ?? ''
    if (!file.endsWith('.yaml') || !existsSync(join(FOLDER, file))) return []
    return [...(cells.at(-2) ?? '').matchAll(/`([^`]+)` (refused|warning)/g)]
      .filter(([, , verdict]) => verdict === word)
      .map(([, name]) => `${file}: ${name}`)
  })
}

/** What Istio drops in silence or cannot even decode, so that its validation never sees it. */
const STRICTER = new Set(['unknown-field', 'wrong-type', 'invalid-value', 'path-template-invalid'])

describe.skipIf(!existsSync(FOLDER))('the documents of real teams', () => {
  const read = existsSync(FOLDER)
    ? documents().map((found) => ({ ...found, ...parseAuthorizationPolicy(found.document) }))
    : []
  const label = ({ file, name }: Found): string => `${file}: ${name}`

  test('are all there', () => {
    expect(read.length).toBeGreaterThan(280)
  })

  test('are refused where Istio refuses them', () => {
    const refused = new Set(read.filter(({ policy }) => policy === undefined).map(label))
    expect(verdicts('refused').filter((name) => !refused.has(name))).toEqual([])
  })

  test('are refused nowhere else, but for fields and types that Istio does not know', () => {
    const byIstio = new Set(verdicts('refused'))
    const others = read
      .filter((one) => one.policy === undefined && !byIstio.has(label(one)))
      .map((one) => ({ ...one, errors: one.mistakes.filter(({ severity }) => severity === 'error') }))
      .filter(({ errors }) => !errors.some(({ code }) => STRICTER.has(code)))
    expect(others.map((one) => [label(one), one.errors])).toEqual([])
  })

  test('bring the warnings that Istio brings', () => {
    const warned = read.filter(({ mistakes }) =>
      mistakes.some(({ code }) => code === 'denies-tcp' || code === 'selector-empty'),
    )
    const expected = verdicts('warning')
    expect(
      warned
        .filter(({ policy }) => policy !== undefined)
        .map(label)
        .filter((name) => !expected.includes(name)),
    ).toEqual([])
    expect(
      expected.filter((name) => !warned.map(label).includes(name) && read.some((one) => label(one) === name)),
    ).toEqual([])
  })

  test('are evaluated on both transports', () => {
    for (const { policy, file } of read) {
      if (policy === undefined) continue
      const labels = policy.target.is === 'selector' ? policy.target.labels : {}
      const selected = selectPolicies([policy], { namespace: policy.namespace, labels }, DEFAULT_MESH)
      expect(selected.length, file).toBe(policy.target.is === 'targetRefs' ? 0 : 1)
      for (const transport of ['http', 'tcp'] as const) {
        const { enforced } = compilePolicies([policy], { mesh: DEFAULT_MESH, transport })
        const request = completeRequest(
          { path: '/', method: 'GET', principal: 'spiffe://cluster.local/ns/a/sa/b' },
          transport,
        )
        expect(request && evaluate(enforced, request).decision, file).toMatch(/allow|deny/)
      }
    }
  })
})
