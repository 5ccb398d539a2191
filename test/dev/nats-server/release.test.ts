/** The official release over a network that is slow, lies or is cut: nothing is installed that was not checked. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { fromRelease } from '../../../src/dev/nats-server/from-release.ts'
import { findNatsServer } from '../../../src/dev/nats-server/index.ts'
import { platformOf, releaseArchive } from '../../../src/dev/nats-server/platform.ts'
import { checksumOf } from '../../../src/dev/nats-server/sha256-sums.ts'
import { routes, serve } from '../local-site.ts'
import { fakeMachine, type FakeMachine } from './fake-tools.ts'

const VERSION = '2.15.77'
const platform = platformOf(process.platform, process.arch) ?? 'linux-x64'
const ARCHIVE = releaseArchive(VERSION, platform)
const LIMITS = { answerMs: 500, totalMs: 1_000 }

interface Release {
  readonly archive: Buffer
  readonly sums: string
}

function packRelease(machine: FakeMachine, version = VERSION): Release {
  const name = ARCHIVE.replace('.tar.gz', '')
  machine.natsServer(version, `pack/${name}/nats-server`)
  const file = machine.folder.at('pack/archive')
  execFileSync('tar', ['-czf', file, '-C', machine.folder.at('pack'), name])
  const archive = readFileSync(file)
  return { archive, sums: `${createHash('sha256').update(archive).digest('hex')}  ${ARCHIVE}\n` }
}

function machineWithTar(): FakeMachine {
  const machine = fakeMachine()
  machine.borrow('tar', 'gzip')
  return machine
}

async function fetchFrom(url: string, machine: FakeMachine) {
  const folder = machine.folder.at('work')
  mkdirSync(folder)
  return fromRelease({ version: VERSION, platform, folder, env: machine.env }, url, LIMITS)
}

describe('the official release', () => {
  test('is installed when its archive is what SHA256SUMS says', async () => {
    const machine = machineWithTar()
    const { archive, sums } = packRelease(machine)
    const asked: string[] = []
    const answer = routes({ SHA256SUMS: sums, [ARCHIVE]: archive })
    const releasesUrl = await serve((request, response) => {
      asked.push(request.url ?? '')
      answer(request, response)
    })
    const found = await findNatsServer({ env: machine.env, version: VERSION, releasesUrl })
    expect(found).toMatchObject({ version: VERSION, source: 'official release' })
    expect(asked).toEqual([`/v${VERSION}/SHA256SUMS`, `/v${VERSION}/${ARCHIVE}`])
    expect(await findNatsServer({ env: machine.env, version: VERSION, releasesUrl })).toMatchObject({ source: 'cache' })
    expect(asked).toHaveLength(2)
  })

  test('is followed to where it is kept', async () => {
    const machine = machineWithTar()
    const { archive, sums } = packRelease(machine)
    const store = await serve(routes({ [ARCHIVE]: archive }))
    const releases = await serve(
      routes({
        SHA256SUMS: sums,
        [ARCHIVE]: (_request, response) => void response.writeHead(302, { location: `${store}/x/${ARCHIVE}` }).end(),
      }),
    )
    expect(await fetchFrom(releases, machine)).toMatchObject({ ok: true })
  })

  const good = 'the archive'
  const sumsOf = (content: string): string => `${createHash('sha256').update(content).digest('hex')}  ${ARCHIVE}\n`
  const silent: RequestListener = () => undefined
  const cut: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('part', () => response.destroy())
  }
  const stalled: RequestListener = (_request, response) => void response.write('part')
  const endless: RequestListener = (_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024)
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', pour)
    pour()
  }

  const faults: readonly (readonly [string, Parameters<typeof routes>[0], RegExp])[] = [
    ['there is none of this version', {}, /answered 404/],
    ['the server fails', { SHA256SUMS: (_request, response) => void response.writeHead(500).end() }, /answered 500/],
    ['nobody answers', { SHA256SUMS: silent }, /no answer within/],
    ['SHA256SUMS is a web page', { SHA256SUMS: '<html>sign in</html>' }, /does not list/],
    ['SHA256SUMS has no end', { SHA256SUMS: endless }, /sent more than 65536 bytes/],
    ['SHA256SUMS stops half way', { SHA256SUMS: stalled }, /no answer within/],
    ['SHA256SUMS lists other files', { SHA256SUMS: sumsOf(good).replace('tar.gz', 'zip') }, /does not list/],
    ['the archive is missing', { SHA256SUMS: sumsOf(good) }, /answered 404/],
    ['the archive is another', { SHA256SUMS: sumsOf(good), [ARCHIVE]: 'malware' }, /SHA-256 .* is not the one/],
    ['the archive is cut short', { SHA256SUMS: sumsOf(good), [ARCHIVE]: cut }, /127\.0\.0\.1:\d+: \S+/],
    ['the archive stops half way', { SHA256SUMS: sumsOf(good), [ARCHIVE]: stalled }, /no answer within/],
    ['the archive is no archive', { SHA256SUMS: sumsOf(good), [ARCHIVE]: good }, /gzip|tar/i],
    [
      'the answer goes in circles',
      { SHA256SUMS: (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end() },
      /redirect/,
    ],
  ]

  test.for(faults)('is given up when %s', async ([, files, reason]) => {
    const machine = machineWithTar()
    const result = await fetchFrom(await serve(routes(files)), machine)
    expect(result).toEqual({ ok: false, error: expect.stringMatching(reason) })
    expect(JSON.stringify(result)).not.toMatch(/html|malware/)
  })

  test('is not installed when it holds another version than its name says', async () => {
    const machine = machineWithTar()
    const { archive, sums } = packRelease(machine, '2.15.66')
    const releasesUrl = await serve(routes({ SHA256SUMS: sums, [ARCHIVE]: archive }))
    const attempt = findNatsServer({ env: machine.env, version: VERSION, releasesUrl })
    await expect(attempt).rejects.toThrow(/official release +it is nats-server 2\.15\.66, not 2\.15\.77/)
  })
})

describe('SHA256SUMS', () => {
  const hash = 'a'.repeat(64)

  test.for([
    ['in text form', `${hash}  file\n`, hash],
    ['in binary form', `${hash} *file\n`, hash],
    ['with Windows line ends', `${hash}  file\r\n`, hash],
    ['among others', `${'b'.repeat(64)}  other\n${hash}  file\n`, hash],
    ['not for a file of a longer name', `${hash}  file.sig\n`, undefined],
    ['not in upper case, which sha256sum never writes', `${'A'.repeat(64)}  file\n`, undefined],
    ['not twice', `${hash}  file\n${'b'.repeat(64)}  file\n`, undefined],
    ['not short', `${hash.slice(1)}  file\n`, undefined],
  ] as const)('is read %s', ([, sums, expected]) => {
    expect(checksumOf(sums, 'file')).toBe(expected)
  })
})
