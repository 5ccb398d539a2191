/** A reader that closes the pipe early changes no exit code: real processes, real pipes. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'
import { buildCli, type BuiltCli } from './support/built-cli.ts'

let cli: BuiltCli
beforeAll(async () => {
  cli = await buildCli()
}, 120_000)
afterAll(() => cli.remove())

const SHOP = resolve('deploy/demo/policy')
/** As many policies as make an answer longer than a pipe holds. */
const MANY = Array.from(
  { length: 1500 },
  (_, index) => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: policy-with-a-rather-long-name-${index}, namespace: shop }
spec: { rules: [{ to: [{ operation: { paths: [/a] } }] }] }
---
`,
).join('')

/** @returns the exit codes of both ends of the pipe. */
function run(script: string): string {
  const ran = spawnSync('bash', ['-c', `${script}; echo "\${PIPESTATUS[0]}"`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${cli.bin}:${process.env['PATH'] ?? ''}` },
  })
  expect(ran.stderr).not.toMatch(/EPIPE|node:/)
  return ran.stdout.trimEnd().split('\n').at(-1) ?? ''
}

test('a closed pipe leaves the command its own exit code', { timeout: 120_000 }, () => {
  const policies = tempFolder().write('p.yaml', MANY)
  const can = `nib http can -p ${policies} -n shop`
  // Reads nothing at all, and one line of many.
  for (const reader of ['true', 'head -1']) {
    expect([reader, run(`${can} --path /b | ${reader}`)]).toEqual([reader, '1'])
    expect([reader, run(`${can} --path /a | ${reader}`)]).toEqual([reader, '0'])
  }
  expect(run(`nib why shop/web publish no.such.subject -p ${SHOP} | true`)).toBe('1')
  expect(run('nib nonsense 2>&1 | true')).toBe('2')
})

test('a command that would go on without end does not', { timeout: 120_000 }, () => {
  const line = '{"policies":[],"workload":{"namespace":"a"},"request":{}}'
  expect(
    run(`yes '${line}' | nib http can --batch | head -1 > /dev/null; set -- "\${PIPESTATUS[@]}"; (exit "$2")`),
  ).toBe('141')
})
