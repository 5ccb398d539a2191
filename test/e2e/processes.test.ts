/** `nib serve` as processes: replicas come and go while logins run, and not one of these is lost. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, within } from '../../src/dev/deadline.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { compileBridge, type CompiledBridge, type ServeProcess } from './support/compiled-bridge.ts'
import { CANARY } from './support/leaks.ts'
import { REFUSED, tryLogin } from './support/line-client.ts'
import { LIMIT_MS, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const WORKERS = 6

let compiled: CompiledBridge
beforeAll(async () => {
  if (natsServer !== undefined) compiled = await compileBridge()
})
afterAll(() => compiled?.remove())

interface Decision {
  readonly decisionId: string
  readonly code: string
}

function decisionsIn(lines: readonly string[]): readonly Decision[] {
  return lines
    .map((line): Decision & { record?: string } => JSON.parse(line))
    .filter(({ record }) => record === 'decision')
}

test.skipIf(natsServer === undefined)('the log is whole and in order, also when it is flushed under load', async () => {
  const [rounds, lines] = [40, 160]
  // More than is handed on at once: a piece of it is being written when the rest is flushed.
  const process = compiled.run(`
    import { setImmediate } from 'node:timers/promises'
    import { createLog } from './dist/telemetry/logger.js'
    const log = createLog('info', '0')
    for (let round = 0; round < ${rounds}; round += 1) {
      for (let line = 0; line < ${lines}; line += 1) log.logger.info({ n: round * ${lines} + line, filler: 'x'.repeat(200) })
      log.flush()
      await setImmediate()
    }
  `)
  expect(await within(process.ended(), LIMIT_MS, 'the end')).toBe(0)
  const found = process.lines.map((line): number => JSON.parse(line).n)
  expect(found).toEqual(Array.from({ length: rounds * lines }, (_, n) => n))
})

test.skipIf(natsServer === undefined)(
  'a log that nobody reads is bounded, and says what is missing when somebody does',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nib-log-'))
    execFileSync('mkfifo', [join(folder, 'log')])
    const log = await open(join(folder, 'log'), 'r+')
    const process = compiled.run(
      `
    import { setImmediate, setInterval } from 'node:timers/promises'
    import { createLog } from './dist/telemetry/logger.js'
    const log = createLog('info', '0', 1 << 20)
    const filler = 'x'.repeat(2000)
    let n = 0
    while (log.lost() === 0) {
      for (let line = 0; line < 100; line += 1) log.logger.info({ n: n++, filler })
      await setImmediate()
    }
    console.error('lost')
    let isAsked = false
    process.once('SIGTERM', () => (isAsked = true))
    for await (const _ of setInterval(5)) {
      if (isAsked) break
      log.logger.info({ n: n++ })
    }
    log.flush()
    console.error('end ' + log.lost())
    `,
      log.fd,
    )
    await eventually(() => process.problems().includes('lost') || undefined, LIMIT_MS, 'a line too many')
    let next = 0
    let missing = 0
    const reader = spawn('cat', [join(folder, 'log')], { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface({ input: reader.stdout })) {
      const { n, lines, level }: { n?: number; lines?: number; level: string } = JSON.parse(line)
      if (lines !== undefined) {
        expect(level).toBe('error')
        missing += lines
        next += lines
      } else {
        expect(n).toBe(next)
        next += 1
        if (missing > 0) break
      }
    }
    process.kill('SIGTERM')
    await eventually(() => process.problems().includes('end') || undefined, LIMIT_MS, 'the end of the log')
    expect(process.problems()).toContain(`end ${missing}`)
    process.kill('SIGKILL')
    await process.ended()
    reader.kill()
    await log.close()
    await rm(folder, { recursive: true })
  },
)

describe.skipIf(natsServer === undefined).each(environments)('nib serve (%s)', (name) => {
  let rig: Rig
  const running: ServeProcess[] = []

  beforeAll(async () => {
    rig = await startRig(name, { withBridge: false })
  })
  afterAll(async () => {
    for (const process of running) process.kill('SIGKILL')
    await rig.stop()
  })

  const serve = async (file = 'bridge.yaml', text = rig.bridgeYaml()): Promise<ServeProcess> => {
    const started = compiled.serve(await rig.writeFile(file, text))
    running.push(started)
    return started
  }
  const ready = (process: ServeProcess): Promise<true> =>
    eventually(
      () => process.lines.some((line) => line.includes('"msg":"ready"')) || undefined,
      LIMIT_MS,
      `readiness of nib serve (${process.problems()})`,
    )

  test('loses no login while one of two replicas is told to go, and tells nothing of what clients sent', async () => {
    const [first, second] = [await serve(), await serve()]
    await Promise.all([ready(first), ready(second)])
    const token = await rig.token()
    const outcomes: string[] = []
    let stopping = false
    const logInAgainAndAgain = async (): Promise<void> => {
      while (!stopping) outcomes.push(await tryLogin(rig.env.server.port, { auth_token: token }))
    }
    const loggingIn = Array.from({ length: WORKERS }, logInAgainAndAgain)
    const more = async (count: number): Promise<void> => {
      const wanted = outcomes.length + count
      await eventually(() => outcomes.length >= wanted || undefined, LIMIT_MS, `${count} more logins`)
    }
    await more(60)
    first.kill('SIGTERM')
    expect(await within(first.ended(), LIMIT_MS, 'the end of the first')).toBe(0)
    await more(60)
    stopping = true
    await Promise.all(loggingIn)
    for (const fields of [
      { auth_token: `${CANARY}.x.y`, user: CANARY },
      { pass: CANARY, name: CANARY },
    ])
      expect(await tryLogin(rig.env.server.port, fields)).toBe(REFUSED)
    second.kill('SIGINT')
    expect(await within(second.ended(), LIMIT_MS, 'the end of the second')).toBe(0)

    expect(outcomes.filter((outcome) => outcome !== 'in')).toEqual([])
    // Each login stands once in one log, and both logs are whole.
    const decided = [first, second].map(({ lines }) => decisionsIn(lines))
    for (const decisions of decided) expect(decisions.length).toBeGreaterThan(0)
    expect(decided[1]?.filter(({ code }) => code === 'TOKEN_MALFORMED')).toHaveLength(2)
    const ids = decided.flat().map(({ decisionId }) => decisionId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(outcomes.length + 2)
    await rig.wire.settle()
    expect([...rig.wire.replies.values()].map((replies) => replies.length).filter((count) => count !== 1)).toEqual([])
    const said = [first, second].map(({ lines, problems }) => `${lines.join('\n')}${problems()}`).join('\n')
    for (const secret of [CANARY, token, ...token.split('.').slice(1)]) expect(said).not.toContain(secret)
  })

  test.runIf(name === 'config' && existsSync('/dev/full'))(
    'goes on when its log cannot be written, and ends when it is told to',
    async () => {
      const full = await open('/dev/full', 'w')
      const mute = compiled.serve(await rig.writeFile('mute.yaml', rig.bridgeYaml()), full.fd)
      running.push(mute)
      const token = await rig.token()
      const logIn = (): Promise<string> => tryLogin(rig.env.server.port, { auth_token: token })
      const start = performance.now()
      while ((await logIn()) !== 'in') expect(performance.now() - start).toBeLessThan(LIMIT_MS)
      // Lines are handed on five times a second; each time they fail.
      const since = performance.now()
      while (performance.now() - since < 1_000) expect(await logIn()).toBe('in')
      mute.kill('SIGTERM')
      expect(await within(mute.ended(), LIMIT_MS, 'the end')).toBe(0)
      expect(mute.problems()).toBe('')
      await full.close()
    },
  )

  // The same in every environment.
  test.runIf(name === 'config')('ends with 2 and every mistake named, when its configuration is wrong', async () => {
    const text = rig.bridgeYaml({ accounts: [{ name: 'SYS' }], nats: { connections: 99 }, naats: {} })
    const refused = await serve('wrong.yaml', text)
    expect(await within(refused.ended(), LIMIT_MS, 'the end')).toBe(2)
    for (const word of ['accounts', 'nats.connections', 'naats']) expect(refused.problems()).toContain(word)
    const half = await serve('half.yaml', rig.bridgeYaml().slice(0, 300))
    expect(await within(half.ended(), LIMIT_MS, 'the end')).toBe(2)
    const gone = compiled.serve(rig.env.file('gone.yaml'))
    expect(await within(gone.ended(), LIMIT_MS, 'the end')).toBe(2)
    expect(gone.problems()).toContain('gone.yaml')
  })

  test.runIf(name === 'config')('ends with 2 when its admin port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const refused = await serve('taken.yaml', rig.bridgeYaml({ admin: { listen: `127.0.0.1:${port}` } }))
    expect(await within(refused.ended(), LIMIT_MS, 'the end')).toBe(2)
    expect(refused.problems()).toContain('admin.listen')
    taken.close()
  })

  test.runIf(name === 'config')('never says that it is ready when it is told to go before', async () => {
    const early = await serve('nowhere.yaml', rig.bridgeYaml({ nats: { servers: ['nats://127.0.0.1:1'] } }))
    const said = (word: string): boolean => early.lines.some((line) => line.includes(`"msg":"${word}`))
    await eventually(() => said('started') || undefined, LIMIT_MS, 'the start')
    early.kill('SIGTERM')
    expect(await within(early.ended(), LIMIT_MS, 'the end')).toBe(0)
    expect(said('stopping')).toBe(true)
    expect(said('ready')).toBe(false)
  })

  test.runIf(!name.endsWith('xkey'))('ends with 2 when a key is missing, and says which', async () => {
    const overlay =
      rig.env.mode === 'config' ? { issuer: [{ seedFile: 'gone.nk' }] } : { response: [{ seedFile: 'gone.nk' }] }
    const refused = await serve('keyless.yaml', rig.bridgeYaml({ callout: overlay }))
    expect(await within(refused.ended(), LIMIT_MS, 'the end')).toBe(2)
    expect(refused.problems()).toContain('gone.nk')
  })
})
