/** A nats-server of our own starts, tells where it listens, reloads, ends, and never stays behind. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { connect } from 'nats'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { addressesIn } from '../../../src/dev/nats-server/addresses.ts'
import { createLogLines } from '../../../src/dev/nats-server/log-lines.ts'
import { runNatsServer, type RunningNatsServer } from '../../../src/dev/nats-server/index.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { isRunning, runInOtherProcess } from '../in-other-process.ts'
import { fakeMachine } from './fake-tools.ts'

const natsServer = await natsServerForTests()
const binary = natsServer?.path ?? ''
const PLAIN = 'listen: "127.0.0.1:-1"'

describe.skipIf(natsServer === undefined)('runNatsServer', () => {
  test('gives the address of a server that can be used', async () => {
    const server = await runNatsServer({ binary, config: { text: PLAIN } })
    const client = await connect({ servers: server.url })
    expect(client.info?.port).toBe(server.port)
    await client.close()
    await server.stop()
    expect(isRunning(server.pid)).toBe(false)
    expect(existsSync(dirname(server.configFile))).toBe(false)
  })

  test('keeps the configuration from other users of the machine', async () => {
    const server = await runNatsServer({ binary, config: { text: PLAIN } })
    onTestFinished(() => server.stop())
    expect(statSync(server.configFile).mode & 0o077).toBe(0)
    expect(statSync(dirname(server.configFile)).mode & 0o077).toBe(0)
  })

  test('reads a file that is there already, and leaves it', async () => {
    const { folder } = fakeMachine()
    const file = folder.write('nats.conf', `${PLAIN}\nserver_name: $NAME`)
    const server = await runNatsServer({ binary, config: { file }, env: { NAME: 'borrowed' } })
    expect(server.log.lines.join('\n')).toContain('borrowed')
    await server.stop()
    expect(existsSync(file)).toBe(true)
  })

  test('says what was wrong with a configuration', async () => {
    const attempt = runNatsServer({ binary, config: { text: 'listen: {' } })
    await expect(attempt).rejects.toThrow(/^nats-server ended; its last words:\n.*Parse error/s)
  })

  test('reloads with a new text, and says when the server will not', async () => {
    const server = await runNatsServer({ binary, config: { text: PLAIN } })
    onTestFinished(() => server.stop())
    await server.reload(`${PLAIN}\nmax_payload: 1024`)
    const client = await connect({ servers: server.url })
    expect(client.info?.max_payload).toBe(1024)
    await client.close()
    await expect(server.reload('listen: "127.0.0.1:1"\nserver_name: {')).rejects.toThrow(/did not reload/)
  })

  test('ends a server that does not listen to SIGTERM', async () => {
    const server = await runNatsServer({ binary, config: { text: PLAIN } })
    process.kill(server.pid, 'SIGSTOP')
    await server.stop()
    expect(isRunning(server.pid)).toBe(false)
  })

  test('notices a server that ends by itself, and can then still be stopped', async () => {
    const server = await runNatsServer({ binary, config: { text: PLAIN } })
    process.kill(server.pid, 'SIGKILL')
    await server.ended
    await server.stop()
    expect(existsSync(dirname(server.configFile))).toBe(false)
  })

  test.for([
    'process.kill(process.pid, "SIGKILL")',
    'process.exit(0)',
    'throw new Error("bug")',
    'process.kill(process.pid)',
  ])('leaves no server and no folder behind when its parent ends by %s', async (ending) => {
    const { pid, configFile } = await runInOtherProcess<Pick<RunningNatsServer, 'pid' | 'configFile'>>({
      module: '/src/dev/nats-server/index.ts',
      call: 'runNatsServer',
      args: [{ binary, config: { text: PLAIN } }],
      tell: '{ pid: result.pid, configFile: result.configFile }',
      ending,
    })
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5_000 })
    await vi.waitFor(() => expect(existsSync(dirname(configFile))).toBe(false), { timeout: 5_000 })
  })
})

describe('runNatsServer without a nats-server', () => {
  test('says that there is none', async () => {
    const before = ownFolders()
    await expect(runNatsServer({ binary: '/nowhere/nats-server', config: { text: PLAIN } })).rejects.toThrow(
      /^cannot run \/nowhere\/nats-server: .*ENOENT/,
    )
    expect(ownFolders()).toEqual(before)
  })

  test('gives up on one that never gets ready', async () => {
    const machine = fakeMachine()
    const silent = machine.tool('silent', 'echo "[INF] starting" >&2; exec /bin/sleep 60')
    const attempt = runNatsServer({ binary: silent, config: { text: PLAIN }, readyWithinMs: 200 })
    await expect(attempt).rejects.toThrow(
      /^nats-server was not ready within 200 ms; its last words:\n {2}\[INF\] starting$/,
    )
  })
})

describe('the lines of a log', () => {
  test('are put together from pieces, bounded, and waited for', async () => {
    const log = createLogLines()
    const waiting = log.next(/three/, 1_000)
    log.add('one\ntw')
    log.add('o\nthr')
    expect(log.lines).toEqual(['one', 'two'])
    log.add('ee\n')
    expect(await waiting).toBe('three')
    expect(await log.find(/two/, 0)).toBe('two')
    expect(await log.next(/two/, 1)).toBeUndefined()
    log.add('x\n'.repeat(5_000) + 'y'.repeat(100_000))
    expect(log.lines).toHaveLength(2_000)
    const never = log.next(/z/, 60_000)
    log.end()
    expect(await never).toBeUndefined()
    expect(log.lines.at(-1)?.length).toBeLessThan(5_000)
  })
})

describe('the addresses in a log', () => {
  test('can be connected to, also where the server listens on all of them', () => {
    const lines = [
      '[1] 2026/11/21 10:00:00.000000 [INF] Starting http monitor on 0.0.0.0:8222',
      '[1] 2026/11/21 10:00:00.000000 [INF] Listening for websocket clients on wss://0.0.0.0:8443',
      '[1] 2026/11/21 10:00:00.000000 [INF] Listening for MQTT clients on mqtt://10.0.0.1:1883',
      '[1] 2026/11/21 10:00:00.000000 [INF] Listening for leafnode connections on [::]:7422',
      '[1] 2026/11/21 10:00:00.000000 [INF] Listening for client connections on 0.0.0.0:4222',
    ]
    expect(addressesIn(lines)).toEqual({
      url: 'nats://127.0.0.1:4222',
      port: 4222,
      monitorUrl: 'http://127.0.0.1:8222',
      websocketUrl: 'wss://127.0.0.1:8443',
      mqttUrl: 'mqtt://10.0.0.1:1883',
      leafnodeUrl: 'nats-leaf://127.0.0.1:7422',
    })
    expect(addressesIn(lines.slice(0, 4))).toBeUndefined()
  })
})

function ownFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('nib-nats-server-'))
}
