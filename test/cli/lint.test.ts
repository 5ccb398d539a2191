/**
 * What `nib lint` prints: `test/golden/lint/policy` gives `text.txt`, `report.json` and `report.sarif` beside it.
 * REFRESH_GOLDEN=1 writes them anew; read the difference before it is committed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RULE_TEXTS } from '../../src/lint/index.ts'
import { nib } from '../support/nib.ts'

const FOLDER = 'test/golden/lint'
const POLICY = `${FOLDER}/policy`

function golden(name: string, text: string): string {
  const file = join(FOLDER, name)
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(file, text)
  return readFileSync(file, 'utf8')
}

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'nib-lint-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

/** One finding of severity info, and nothing else. */
const INFO = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: orders, namespace: shop }
spec: { rules: [{ to: [{ operation: { paths: [/orders/*] } }] }] }
`

describe('nib lint', () => {
  test('prints findings by file, with place, code and the way to mend', async () => {
    const ran = await nib(['lint', '-p', POLICY])
    expect(ran.out).toBe(golden('text.txt', ran.out))
    expect(ran).toMatchObject({ exitCode: 1, problems: '' })
  })

  test('prints the same as JSON, and nothing else', async () => {
    const ran = await nib(['lint', '-p', POLICY, '--json'])
    expect(ran.out).toBe(golden('report.json', ran.out))
    expect(ran).toMatchObject({ exitCode: 1, problems: '' })
    const report: { counts: object; findings: object[] } = JSON.parse(ran.out)
    expect(report.counts).toEqual({ error: 2, warning: 1, info: 2 })
    expect(report.findings).toHaveLength(5)
  })

  test('paints on a terminal only', async () => {
    const plain = await nib(['lint', '-p', POLICY])
    const painted = await nib(['lint', '-p', POLICY], { isTTY: true })
    expect(plain.out).not.toContain('\u001b[')
    expect(painted.out).toContain('\u001b[31merror')
    // eslint-disable-next-line no-control-regex -- the codes of the colours
    expect(painted.out.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain.out)
  })

  test.for([
    ['error', 0],
    ['warning', 0],
    ['info', 1],
  ] as const)('with an info alone and --fail-on %s it ends with %i', async ([threshold, exitCode]) => {
    const ran = await nib(['lint', '-p', folder({ 'policy.yaml': INFO }), '--fail-on', threshold])
    expect(ran.exitCode).toBe(exitCode)
  })

  test('says so when there is nothing', async () => {
    const ran = await nib(['lint', '-p', folder({ 'policy.yaml': INFO.replace('/orders/*', '/orders') })])
    expect(ran).toEqual({ exitCode: 0, out: '1 file, 1 document: nothing found\n', problems: '' })
  })

  test('reads standard input', async () => {
    const ran = await nib(['lint', '-p', '-', '--fail-on', 'info'], { input: INFO })
    expect(ran.exitCode).toBe(1)
    expect(ran.out).toContain('<stdin>')
  })

  test.for([
    [['lint'], 'no policies given'],
    [['lint', '-p', 'no-such-folder'], 'no-such-folder'],
    [['lint', '-p', POLICY, '--fail-on', 'never'], 'Allowed choices are error, warning, info'],
    [['lint', '-p', POLICY, '--trust-domain', 'Not One'], 'trust domain "Not One"'],
    [['lint', '-p', POLICY, '--json', '--sarif', '-'], 'both write to standard output'],
    [['lint', '-p', POLICY, '--sarif', '/no/such/folder/x.sarif'], 'cannot write'],
    [['lint', '--explain', 'istio-from-to-spilt'], 'did you mean "istio-from-to-split"?'],
  ] satisfies [string[], string][])('refuses %j with exit code 2', async ([argv, said]) => {
    const ran = await nib(argv)
    expect(ran.exitCode).toBe(2)
    expect(ran.problems).toContain(said)
  })

  test('explains each code, and lists them all', async () => {
    const list = await nib(['lint', '--list'])
    expect(list.exitCode).toBe(0)
    for (const { code, why } of RULE_TEXTS) {
      expect(list.out).toContain(`\n${code} `)
      const explained = await nib(['lint', '--explain', code])
      expect(explained.exitCode).toBe(0)
      expect(explained.out).toContain(why)
    }
    const machine = await nib(['lint', '--explain', 'grant-covered', '--json'])
    expect(JSON.parse(machine.out)).toMatchObject({ code: 'grant-covered', severity: 'warning' })
  })

  test('explains the codes of the compiler as well', async () => {
    const inSource = readdirSync('src/compile', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(join('src/compile', file), 'utf8').matchAll(/code: '([a-z]+(?:-[a-z]+)+)'/g)])
      .map(([, code = '']) => code)
    for (const code of new Set(['route-paths', 'no-accounts', ...inSource])) {
      const ran = await nib(['lint', '--explain', code])
      expect([code, ran.exitCode, ran.out.startsWith(code)]).toEqual([code, 0, true])
    }
    const shared = await nib(['lint', '--explain', 'no-accounts', '--json'])
    expect(JSON.parse(shared.out)).toMatchObject({
      code: 'no-accounts',
      entries: ['not-as-written', 'compiler-remark'],
    })
    expect((await nib(['lint', '--explain', 'no-acounts'])).problems).toContain('did you mean "no-accounts"?')
  })

  test('finds in the demo what its comments promise, and no more than that', async () => {
    const ran = await nib(['lint', '-p', 'deploy/demo/policy', '--json'])
    const { findings }: { findings: { code: string; severity: string }[] } = JSON.parse(ran.out)
    const loud = findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code)
    expect(loud).toEqual(['grant-outside-ceiling'])
    expect(ran.exitCode).toBe(0)
  })
})

describe('nib lint --sarif', () => {
  interface Sarif {
    readonly $schema: string
    readonly version: string
    readonly runs: readonly {
      readonly tool: { driver: { name: string; version: string; rules: readonly Rule[] } }
      readonly results: readonly Result[]
    }[]
  }
  interface Rule {
    readonly id: string
    readonly shortDescription: { text: string }
    readonly fullDescription: { text: string }
    readonly help: { text: string; markdown: string }
    readonly defaultConfiguration: { level: string }
  }
  interface Result {
    readonly ruleId: string
    readonly ruleIndex: number
    readonly level: string
    readonly message: { text: string }
    readonly locations: readonly {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string }
        readonly region: { readonly startLine: number; readonly startColumn?: number }
      }
    }[]
  }

  test('writes what a golden file holds', async () => {
    const ran = await nib(['lint', '-p', POLICY, '--sarif', '-'])
    expect(ran.out).toBe(golden('report.sarif', ran.out))
  })

  test('writes SARIF 2.1.0: every result has a rule, a level, a message and a place', async () => {
    const file = join(folder({}), 'report.sarif')
    const ran = await nib(['lint', '-p', POLICY, '--sarif', file])
    expect(ran.exitCode).toBe(1)
    expect(ran.out).toContain('istio-from-to-split')
    const sarif: Sarif = JSON.parse(readFileSync(file, 'utf8'))
    expect(sarif.version).toBe('2.1.0')
    expect(sarif.$schema).toMatch(/sarif-2\.1\.0\.json$/)
    const [run] = sarif.runs
    const { name, rules = [] } = run?.tool.driver ?? {}
    expect(name).toBe('nib-lint')
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    for (const rule of rules) {
      expect(rule.shortDescription.text).not.toBe('')
      expect(rule.fullDescription.text).not.toBe('')
      expect(rule.help.text).not.toBe('')
      expect(rule.help.markdown).not.toBe('')
      expect(['error', 'warning', 'note']).toContain(rule.defaultConfiguration.level)
    }
    expect(run?.results).toHaveLength(5)
    for (const { ruleId, ruleIndex, level, message, locations } of run?.results ?? []) {
      expect(rules[ruleIndex]?.id).toBe(ruleId)
      expect(['error', 'warning', 'note']).toContain(level)
      expect(message.text).not.toBe('')
      const [location] = locations
      expect(location?.physicalLocation.artifactLocation.uri).toMatch(/^test\/golden\/lint\/policy\/\w+\.yaml$/)
      expect(location?.physicalLocation.region.startLine).toBeGreaterThan(0)
      expect(location?.physicalLocation.region.startColumn).toBeGreaterThan(0)
    }
  })

  test('names files from where it runs, in the letters of a URI', async () => {
    const path = folder({ 'a b#ü.yaml': INFO })
    const ran = await nib(['lint', '-p', path, '--sarif', '-'])
    const sarif: Sarif = JSON.parse(ran.out)
    const uri = sarif.runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri ?? ''
    expect(uri).toMatch(/a%20b%23%C3%BC\.yaml$/)
    expect(() => new URL(uri, 'file:///repository/')).not.toThrow()
  })
})

describe('the mesh', () => {
  const METHODS = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: all, namespace: mesh-system }
spec: { rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }], to: [{ operation: { methods: [GET] } }] }] }
`
  const BROKER = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: bus, namespace: shop }
spec: { template: { metadata: { labels: { app: bus } }, spec: { containers: [{ name: x, image: nats:2.15-alpine }] } } }
`

  test('has the root namespace that it is told to have', async () => {
    const path = folder({ 'policy.yaml': `${METHODS}---\n${BROKER}` })
    expect((await nib(['lint', '-p', path])).out).not.toContain('istio-shuts-nats')
    expect((await nib(['lint', '-p', path, '--root-namespace', 'mesh-system'])).out).toContain('istio-shuts-nats')
  })

  test('refuses an alias that is none', async () => {
    const ran = await nib(['lint', '-p', POLICY, '--alias', 'Not One'])
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.problems).toContain('trust domain "Not One"')
  })
})
