/** Names of files and arguments come from strangers, in a pipeline from whoever opens a pull request: none acts on the terminal. */
import { describe, expect, test } from 'vitest'
import { nib } from '../support/nib.ts'
import { captureOutput } from '../support/captured-output.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ESC = '\u001b'
const EVIL = `a${ESC}]0;title\u0007${ESC}[31m\u009b2J\u202eb`
// eslint-disable-next-line no-control-regex -- these are what it is about
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

const BROAD = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: orders, namespace: shop }
spec: { rules: [{ to: [{ operation: { paths: [/orders/*] } }] }] }
`

describe('no control character of others reaches the terminal', () => {
  test('from the name of a file, in any command that reads policies', async () => {
    const folder = tempFolder()
    const file = folder.write(`${EVIL}\nc.yaml`, BROAD)
    for (const argv of [
      ['lint', '-p', folder.path],
      ['lint', '-p', file],
      ['lint', '-p', `${file}x`],
      ['http', 'can', '-p', folder.path],
      ['test', file],
      ['why', 'shop/a', 'publish', 'a', '-p', file],
    ]) {
      const ran = await nib(argv)
      expect(ran.out + ran.problems).not.toMatch(CONTROL)
    }
    expect((await nib(['lint', '-p', folder.path])).out.split('\n')[0]).toMatch(/b.c\.yaml$/)
  })

  test.for<string[]>([
    [EVIL],
    ['why', 'shop/a', 'publish', EVIL, '-p', 'deploy/demo/policy'],
    ['why', EVIL, 'publish', 'a', '-p', 'deploy/demo/policy'],
    ['why', 'shop/a', EVIL, 'a'],
    ['why', 'shop/a', 'publish', 'a', `--${EVIL}`],
    ['why', 'shop/a', 'publish', 'a', '-p', 'deploy/demo/policy', '--claim', EVIL],
    ['why', 'shop/a', 'publish', 'a', '-p', 'deploy/demo/policy', '--trust-domain', EVIL],
    ['why', EVIL, 'publish', 'a', '-p', 'deploy/demo/policy', '--json'],
    ['lint', '--explain', EVIL],
    ['http', 'can', '-p', EVIL],
    ['keys', 'show', EVIL],
  ])('from the arguments %j', async (argv) => {
    const ran = await nib(argv)
    expect(ran.exitCode).not.toBe(0)
    expect(ran.out + ran.problems).not.toMatch(CONTROL)
  })

  test('while colours of ours do, and only ours', () => {
    const terminal = captureOutput(true)
    terminal.output.line(`x ${terminal.output.paint(`${ESC}[31mred\n`, 'good')} ${ESC}[32my`)
    expect(terminal.out()).toBe(`x ${ESC}[32m\u{fffd}[31mred\u{fffd}${ESC}[39m \u{fffd}[32my\n`)
  })

  test('and nobody can know the marks that become colours', () => {
    const other = captureOutput(true)
    other.output.line(captureOutput(true).output.paint('red', 'bad'))
    expect(other.out()).not.toMatch(CONTROL)
  })

  test('and JSON says the same with other characters', () => {
    const terminal = captureOutput()
    terminal.output.json({ [EVIL]: EVIL })
    expect(terminal.out()).not.toMatch(CONTROL)
    expect(JSON.parse(terminal.out())).toEqual({ [EVIL]: EVIL })
  })
})
