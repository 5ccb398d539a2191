import { execFile, execFileSync } from 'node:child_process'
import { cp, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runDev, type RunDevOptions } from '../../src/dev/run-dev.ts'
import { SHOP_POLICY_FOLDER } from '../../src/dev/shop-policy.ts'
import { captureOutput } from '../support/captured-output.ts'
import { describeOnNatsServer } from '../support/nats-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const WAIT = { timeout: 20_000, interval: 20 }

function begin(options: Partial<RunDevOptions> = {}) {
  const captured = captureOutput()
  const interruption = new AbortController()
  const ended = runDev({
    output: captured.output,
    version: 'test',
    operator: false,
    port: 0,
    interrupted: interruption.signal,
    ...options,
  })
  const found = (pattern: RegExp): Promise<string> =>
    vi.waitFor(() => {
      const match = pattern.exec(captured.out())
      if (match === null) throw new Error(`no ${pattern} in:\n${captured.out()}${captured.problems()}`)
      return match[1] ?? match[0]
    }, WAIT)
  onTestFinished(async () => {
    interruption.abort()
    await ended
  })
  return { ...captured, ended, found, interrupt: () => interruption.abort() }
}

async function copyOfPolicy(): Promise<string> {
  const { path } = tempFolder()
  await cp(SHOP_POLICY_FOLDER, path, { recursive: true })
  return path
}

describeOnNatsServer('nib dev', () => {
  test.each([false, true])('prints Node lines that connect as they are (operator mode: %s)', async (operator) => {
    const { found, out, ended, interrupt } = begin({ operator })
    await found(/Logins appear below/)
    const snippet = /^ {2}import .*?^ {2}\}\)$/ms.exec(out())?.[0].replaceAll(/^ {2}/gm, '')
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', `${snippet}\nawait nc.flush(); console.log('in'); await nc.close()`],
      { cwd: REPOSITORY, timeout: 10_000 },
    )
    expect(stdout).toBe('in\n')
    await found(/let in +spiffe:\/\/cluster\.local\/ns\/shop\/sa\/dashboard +account SHOP/)
    interrupt()
    expect(await ended).toBe(0)
  })

  test('leaves no process and no file behind', async () => {
    const { found, ended, interrupt } = begin()
    const tokens = await found(/tokens +(\S+)\/<who>\.token/)
    const port = await found(/nats:\/\/127\.0\.0\.1:(\d+)/)
    await found(/Logins appear below/)
    expect(existsSync(join(tokens, 'shop', 'orders.token'))).toBe(true)
    interrupt()
    expect(await ended).toBe(0)
    expect(existsSync(join(tokens, '..'))).toBe(false)
    expect(processesWith(join(tokens, '..'))).toEqual([])
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow()
  })

  test('says what is wrong with an edited policy, and goes on with the last good one', async () => {
    const policyFolder = await copyOfPolicy()
    const { found } = begin({ policyFolder })
    await found(/Logins appear below/)
    await writeFile(join(policyFolder, 'orders.yaml'), 'kind: [')
    await found(/orders\.yaml:1: .*\n/)
    await found(/snapshot \w+ stays in force/)
  })

  test('refuses a policy that cannot be used, with file and line, before anything is started', async () => {
    const policyFolder = await copyOfPolicy()
    await writeFile(
      join(policyFolder, 'accounts.yaml'),
      'apiVersion: nats-identity-bridge.dev/v1alpha1\nkind: AccountMapp\n',
    )
    const { ended, out, problems } = begin({ policyFolder })
    expect(await ended).toBe(2)
    expect(problems()).toMatch(/accounts\.yaml:2:\d+: error: unknown kind "AccountMapp"/)
    expect(problems()).toContain('nib: error: the policy in')
    expect(out()).toBe('')
  })

  test('refuses a policy folder that is not there', async () => {
    const { ended, problems } = begin({ policyFolder: '/nowhere' })
    expect(await ended).toBe(2)
    expect(problems()).toContain('/nowhere')
  })

  test('says that its port is taken, and what to do', async () => {
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void squatter.close())
    const address = squatter.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const { ended, problems } = begin({ port: address.port })
    expect(await ended).toBe(1)
    expect(problems()).toBe(
      `nib: error: port ${address.port} is taken\nnib: hint: stop what listens there, or choose another with --port\n`,
    )
  })

  test('ends, and says so, when nats-server does', async () => {
    const { found, ended, problems } = begin()
    const tokens = await found(/tokens +(\S+)\/<who>\.token/)
    await found(/Logins appear below/)
    for (const pid of processesWith(join(tokens, '..'))) process.kill(pid, 'SIGKILL')
    expect(await ended).toBe(1)
    expect(problems()).toContain('nib: error: nats-server has ended by itself')
    expect(existsSync(join(tokens, '..'))).toBe(false)
  })
})

/** Processes that were started with a path in this folder. */
function processesWith(folder: string): readonly number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`nats-server -c ${folder}`))
    .map((line) => Number.parseInt(line, 10))
}
