/** The keys of an issuer over time, with a server that rotates, stumbles, hangs and comes back. */
import type { RequestListener } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpGet } from '../../src/authn/http-get.ts'
import { keyProblem, type KeyProblem } from '../../src/authn/key-problem.ts'
import type { IssuerSettings } from '../../src/authn/settings.ts'
import { ok, type Result } from '../../src/lib/result.ts'
import { deferred } from '../support/deferred.ts'
import { startKeyServer } from './support/key-server.ts'
import { codeOf, comeToRest, createRig, type Rig, type RigOptions } from './support/rig.ts'
import { CLUSTER_ISSUER, keySetOf, makeKey, mint, serviceAccountClaims, type MintKey } from './support/token-mint.ts'

const SECONDS = 1000
const HOURS = 3600 * SECONDS

const [a, b] = [makeKey('ES256', 'a'), makeKey('ES256', 'b')]
const tokenOf = (key: MintKey): Promise<string> => mint(serviceAccountClaims({ exp: 4e9 }), { key })
const [tokenA, tokenB] = [await tokenOf(a), await tokenOf(b)]
/** Signed by keys that nobody publishes, each with a kid of its own. */
const strangers = await Promise.all(Array.from({ length: 20 }, () => tokenOf(makeKey())))

function issuerAt(url: string, more: Record<string, unknown> = {}): IssuerSettings {
  return {
    name: 'cluster',
    kind: 'kubernetes',
    issuer: CLUSTER_ISSUER,
    audiences: ['nats'],
    trustDomain: 'cluster.local',
    keys: { url, ...more },
  }
}

type Answer = Result<string, KeyProblem>

interface Endpoint {
  asked: number
  answer: () => Answer | Promise<Answer>
  publish(...keys: readonly MintKey[]): void
  fail(): void
  readonly httpGet: HttpGet
}

/** An endpoint without a network: what it answers is set by the test, and each question is counted. */
function endpoint(): Endpoint {
  const state: Endpoint = {
    asked: 0,
    answer: () => keyProblem('unreachable', 'ECONNREFUSED'),
    publish: (...keys) => {
      state.answer = () => ok(JSON.stringify(keySetOf(...keys)))
    },
    fail: () => {
      state.answer = () => keyProblem('status', 'HTTP 500')
    },
    httpGet: async () => {
      state.asked += 1
      return state.answer()
    },
  }
  return state
}

const rigs: Rig[] = []
afterEach(() => {
  for (const { authenticator } of rigs.splice(0)) authenticator.stop()
})

function rigFor(source: Endpoint, keys: Record<string, unknown> = {}, options: RigOptions = {}): Rig {
  const rig = createRig([issuerAt('https://keys.example/', keys)], { httpGet: source.httpGet, ...options })
  rigs.push(rig)
  return rig
}

/** The seconds in which an issuer that is down was asked for its keys, with something done in each. */
async function timesAsked(
  keys: Record<string, unknown>,
  seconds: number,
  doEachSecond: (rig: Rig) => Promise<void>,
): Promise<number[]> {
  const source = endpoint()
  const rig = rigFor(source, keys)
  await rig.authenticator.start()
  const times: number[] = []
  for (let second = 1; second <= seconds; second += 1) {
    const before = source.asked
    await doEachSecond(rig)
    await rig.advance(1 * SECONDS)
    if (source.asked > before) times.push(second)
  }
  return times
}

describe('at the start', () => {
  test('the keys are read before the first login, and then again every five minutes', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    expect(source.asked).toBe(1)
    await rig.advance(299 * SECONDS)
    expect(source.asked).toBe(1)
    await rig.advance(1 * SECONDS)
    expect(source.asked).toBe(2)
    await rig.advance(600 * SECONDS)
    expect(source.asked).toBe(4)
  })

  test('a login that comes while they are on their way waits for them', async () => {
    const source = endpoint()
    const arriving = deferred<Answer>()
    source.answer = () => arriving.promise
    const rig = rigFor(source)
    const started = rig.authenticator.start()
    const login = rig.login(tokenA)
    arriving.resolve(ok(JSON.stringify(keySetOf(a))))
    expect(codeOf(await login)).toBe('ok')
    await started
    expect(source.asked).toBe(1)
  })

  test('it waits a second and not longer; whoever comes after is answered the same way', async () => {
    const source = endpoint()
    source.answer = () => new Promise<Answer>(() => undefined)
    const rig = rigFor(source)
    const started = rig.authenticator.start()
    const verdicts: string[] = []
    void rig.login(tokenA).then((verdict) => verdicts.push(codeOf(verdict)))
    await rig.advance(999)
    expect(verdicts).toEqual([])
    await rig.advance(1)
    expect(verdicts).toEqual(['ISSUER_KEYS_UNAVAILABLE'])
    expect(codeOf(rig.loginAtOnce(tokenA))).toBe('ISSUER_KEYS_UNAVAILABLE')
    await rig.advance(2000)
    await started
    expect(rig.loginAtOnce(tokenA)).toMatchObject({
      ok: false,
      error: { code: 'ISSUER_KEYS_UNAVAILABLE', issuer: 'cluster' },
    })
  })

  test('an issuer that is down is asked again soon, then less often', async () => {
    expect(await timesAsked({}, 120, () => Promise.resolve())).toEqual([1, 3, 7, 15, 31, 61, 91])
    // Never less often than when it is up.
    expect(await timesAsked({ refreshSeconds: 10 }, 40, () => Promise.resolve())).toEqual([1, 3, 7, 15, 25, 35])
  })

  test('logins do not ask an issuer that is down', async () => {
    const login = async (rig: Rig): Promise<void> => {
      for (const token of strangers) expect(codeOf(await rig.login(token))).toBe('ISSUER_KEYS_UNAVAILABLE')
    }
    expect(await timesAsked({}, 50, login)).toEqual([1, 3, 7, 15, 31])
  })

  test('an issuer that comes back is believed again', async () => {
    const source = endpoint()
    const rig = rigFor(source)
    await rig.authenticator.start()
    expect(codeOf(await rig.login(tokenA))).toBe('ISSUER_KEYS_UNAVAILABLE')
    source.publish(a)
    await rig.advance(1 * SECONDS)
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
  })

  test('one issuer that hangs does not hold up the others', async () => {
    const other = endpoint()
    other.publish(a)
    const hanging: HttpGet = (url, options) =>
      url.hostname === 'hangs.example' ? new Promise(() => undefined) : other.httpGet(url, options)
    const sleeper: IssuerSettings = {
      ...issuerAt('https://hangs.example/'),
      name: 'sleeper',
      issuer: 'https://sleeper.example',
    }
    const rig = createRig([sleeper, issuerAt('https://keys.example/')], { httpGet: hanging })
    rigs.push(rig)
    void rig.authenticator.start()
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
  })
})

describe('rotation', () => {
  test('with overlap loses no login: both keys are good while both are published, and the old one not after', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    source.publish(a, b)
    expect(codeOf(await rig.login(tokenB))).toBe('ok')
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    source.publish(b)
    await rig.advance(300 * SECONDS)
    expect(codeOf(await rig.login(tokenB))).toBe('ok')
    expect(codeOf(await rig.login(tokenA))).toBe('TOKEN_KEY_UNKNOWN')
  })

  test('the verdict on a token outlives the reading of another key, but not the end of its own', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    await rig.login(tokenA)
    source.publish(a, b)
    await rig.authenticator.refresh()
    expect(codeOf(rig.loginAtOnce(tokenA))).toBe('ok')
    expect(rig.observed.at(-1)).toBe('recall hit')
    source.publish(b)
    await rig.authenticator.refresh()
    expect(codeOf(rig.loginAtOnce(tokenA))).not.toBe('ok')
    expect(codeOf(await rig.login(tokenA))).toBe('TOKEN_KEY_UNKNOWN')
  })

  test('an exchange of the key behind one kid is an exchange', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    const next = makeKey('ES256', a.kid)
    const nextToken = await tokenOf(next)
    expect(codeOf(await rig.login(nextToken))).toBe('TOKEN_SIGNATURE')
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    source.publish(next)
    await rig.authenticator.refresh()
    expect(codeOf(await rig.login(nextToken))).toBe('ok')
    expect(codeOf(await rig.login(tokenA))).toBe('TOKEN_SIGNATURE')
  })
})

describe('an unknown kid', () => {
  test('makes the keys be read again once per half minute, however many come', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    const verdicts = await Promise.all(strangers.map((token) => rig.login(token)))
    expect(new Set(verdicts.map(codeOf))).toEqual(new Set(['TOKEN_KEY_UNKNOWN']))
    expect(source.asked).toBe(2)
    await rig.advance(29_999)
    expect(rig.loginAtOnce(strangers[0] ?? '')).toMatchObject({ error: { code: 'TOKEN_KEY_UNKNOWN' } })
    expect(source.asked).toBe(2)
    await rig.advance(1)
    await Promise.all(strangers.map((token) => rig.login(token)))
    expect(source.asked).toBe(3)
    expect(rig.observed.filter((line) => line === 'unknown cluster')).toHaveLength(2 * strangers.length + 1)
  })

  test('pushes out no key that is known, not even while it is asked for', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    source.answer = () => new Promise<Answer>(() => undefined)
    const waiting = rig.login(strangers[0] ?? '')
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    await rig.advance(1000)
    expect(codeOf(await waiting)).toBe('ISSUER_KEYS_UNAVAILABLE')
    expect(codeOf(rig.loginAtOnce(tokenA))).toBe('ok')
    expect(rig.observed.at(-1)).toBe('recall hit')
  })

  test('while a reading hangs is not called unknown either, and waits for nothing', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    source.answer = () => new Promise<Answer>(() => undefined)
    void rig.authenticator.refresh()
    await rig.advance(1000)
    expect(codeOf(rig.loginAtOnce(tokenB))).toBe('ISSUER_KEYS_UNAVAILABLE')
  })

  test('while the issuer is down is not called unknown, because nobody knows', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    source.fail()
    expect(codeOf(await rig.login(tokenB))).toBe('ISSUER_KEYS_UNAVAILABLE')
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
  })

  test('costs nothing when the keys are inline', async () => {
    const rig = createRig([{ ...issuerAt(''), keys: { inline: keySetOf(a) } }])
    expect(codeOf(rig.loginAtOnce(tokenB))).toBe('TOKEN_KEY_UNKNOWN')
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
  })
})

describe('a clock that is set back', () => {
  test('does not keep an unknown kid from being looked for', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    await rig.advance(60 * SECONDS)
    expect(codeOf(await rig.login(tokenB))).toBe('TOKEN_KEY_UNKNOWN')
    await rig.advance(-60 * SECONDS)
    source.publish(a, b)
    expect(codeOf(await rig.login(tokenB))).toBe('ok')
    expect(source.asked).toBe(3)
  })

  test('does not make keys younger: they are trusted for a day from then', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    source.fail()
    await rig.advance(-1000 * HOURS)
    const old = await mint(serviceAccountClaims({ iat: 0, nbf: 0, exp: 4e9 }), { key: a })
    expect(codeOf(await rig.login(old))).toBe('ok')
    await rig.advance(24 * HOURS)
    expect(codeOf(await rig.login(old))).toBe('ok')
    await rig.advance(1 * SECONDS)
    expect(codeOf(await rig.login(old))).toBe('ISSUER_KEYS_UNAVAILABLE')
  })
})

describe('while the keys cannot be read', () => {
  test('the last ones stay in force for a day, cached verdicts included, and not a millisecond longer', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    await rig.login(tokenA)
    source.fail()
    await rig.advance(24 * HOURS)
    expect(codeOf(rig.loginAtOnce(tokenA))).toBe('ok')
    expect(rig.observed.at(-1)).toBe('recall hit')
    expect(rig.authenticator.status(rig.now())).toMatchObject([
      { name: 'cluster', keys: { available: true, usableKeys: 1, ageSeconds: 86_400, problem: { code: 'status' } } },
    ])
    await rig.advance(1)
    expect(codeOf(await rig.login(tokenA))).toBe('ISSUER_KEYS_UNAVAILABLE')
    expect(rig.authenticator.status(rig.now())).toMatchObject([{ keys: { available: false, usableKeys: 0 } }])
    source.publish(a)
    await rig.advance(33 * SECONDS)
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    expect(rig.authenticator.status(rig.now())[0]?.keys).not.toHaveProperty('problem')
  })

  test('the age limit is the one in the settings', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source, { maxAgeSeconds: 600 })
    await rig.authenticator.start()
    source.fail()
    await rig.advance(600 * SECONDS)
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
    await rig.advance(1)
    expect(codeOf(await rig.login(tokenA))).toBe('ISSUER_KEYS_UNAVAILABLE')
  })

  test('the log says so with the reason, a next step and how old the keys are, and says when it is over', async () => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    source.fail()
    await rig.advance(300 * SECONDS)
    source.publish(a)
    await rig.advance(2 * SECONDS)
    const problem = {
      issuer: 'cluster',
      problem: 'status',
      detail: 'https://keys.example/: HTTP 500',
      keyAgeSeconds: 300,
    }
    expect(rig.log).toEqual([
      { level: 'info', message: 'issuer keys read', fields: { issuer: 'cluster', keys: 1 } },
      {
        level: 'warn',
        message: 'issuer keys cannot be read: the last ones stay in force',
        fields: { ...problem, hint: expect.stringContaining('bearerTokenFile') },
      },
      { level: 'info', message: 'issuer keys read', fields: { issuer: 'cluster', keys: 1 } },
    ])
    expect(rig.observed.filter((line) => line.startsWith('keys'))).toEqual([
      'keys cluster ok',
      'keys cluster status',
      'keys cluster ok',
    ])
  })

  test('an error is logged as soon as nothing is accepted any more', async () => {
    const source = endpoint()
    const rig = rigFor(source)
    await rig.authenticator.start()
    expect(rig.log).toMatchObject([
      { level: 'error', message: 'issuer keys cannot be read: none of its tokens is accepted' },
    ])
  })

  test.for(['<html>', '', '[]', '{"keys":{}}', 'null'])(
    'a document that is no key set ends no trust: %s',
    async (body) => {
      const source = endpoint()
      source.publish(a)
      const rig = rigFor(source)
      await rig.authenticator.start()
      source.answer = () => ok(body)
      await rig.advance(300 * SECONDS)
      expect(codeOf(await rig.login(tokenA))).toBe('ok')
      expect(rig.log.at(-1)?.level).toBe('warn')
    },
  )
})

describe('a set without a usable key', () => {
  test.for([
    ['empty', { keys: [] }],
    ['with a symmetric key only', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' }] }],
  ] as const)('ends all trust at once: %s', async ([, document]) => {
    const source = endpoint()
    source.publish(a)
    const rig = rigFor(source)
    await rig.authenticator.start()
    await rig.login(tokenA)
    source.answer = () => ok(JSON.stringify(document))
    await rig.advance(300 * SECONDS)
    expect(codeOf(await rig.login(tokenA))).toBe('TOKEN_KEY_UNKNOWN')
    expect(rig.log.at(-1)).toMatchObject({ level: 'error', message: expect.stringContaining('no usable key') })
    expect(rig.authenticator.status(rig.now())).toMatchObject([{ keys: { available: true, usableKeys: 0 } }])
  })
})

describe('readings', () => {
  test('never overlap: refresh, timer and logins share the one that is under way', async () => {
    const source = endpoint()
    const arriving = deferred<Answer>()
    source.answer = () => arriving.promise
    const rig = rigFor(source)
    const all = [rig.authenticator.start(), rig.authenticator.refresh(), rig.authenticator.refresh('cluster')]
    const logins = [rig.login(tokenA), rig.login(tokenB)]
    arriving.resolve(ok(JSON.stringify(keySetOf(a))))
    await Promise.all(all)
    expect((await Promise.all(logins)).map(codeOf)).toEqual(['ok', 'TOKEN_KEY_UNKNOWN'])
    expect(source.asked).toBe(1)
  })

  test('go on after a fault of ours', async () => {
    const source = endpoint()
    source.answer = () => {
      throw new RangeError('fault')
    }
    const rig = rigFor(source)
    await rig.authenticator.start()
    expect(rig.authenticator.status(rig.now())).toMatchObject([{ keys: { problem: { detail: 'RangeError' } } }])
    source.publish(a)
    await rig.advance(1 * SECONDS)
    expect(codeOf(await rig.login(tokenA))).toBe('ok')
  })

  test('are spread by a tenth to either side', async () => {
    const source = endpoint()
    source.publish(a)
    const seen = new Set<number>()
    for (const chance of [0, 0.5, 0.999_999]) {
      const rig = rigFor(source, { refreshSeconds: 100 }, { random: () => chance })
      await rig.authenticator.start()
      seen.add(Math.round(rig.delays.at(-1) ?? 0))
    }
    expect([...seen]).toEqual([90_000, 100_000, 110_000])
  })

  test('end with stop: what is under way changes nothing any more, and none begins', async () => {
    const source = endpoint()
    const arriving = deferred<Answer>()
    source.answer = () => arriving.promise
    const rig = rigFor(source)
    const started = rig.authenticator.start()
    rig.authenticator.stop()
    arriving.resolve(ok(JSON.stringify(keySetOf(a))))
    await started
    await rig.advance(1 * HOURS)
    expect(source.asked).toBe(1)
    expect(rig.authenticator.status(rig.now())).toMatchObject([{ keys: { available: false } }])
  })

  test('make keys as old as the question, not as the answer', async () => {
    const source = endpoint()
    const arriving = deferred<Answer>()
    source.answer = () => arriving.promise
    const rig = rigFor(source)
    const started = rig.authenticator.start()
    await rig.advance(2 * SECONDS)
    arriving.resolve(ok(JSON.stringify(keySetOf(a))))
    await started
    expect(rig.authenticator.status(rig.now())).toMatchObject([{ keys: { ageSeconds: 2 } }])
  })

  test('that hang are given up after three seconds, on the wire as well', async () => {
    const source = endpoint()
    let given: AbortSignal | undefined
    const httpGet: HttpGet = (_url, { signal }) => {
      given = signal
      return new Promise(() => undefined)
    }
    const rig = rigFor(source, {}, { httpGet })
    const started = rig.authenticator.start()
    await rig.advance(2999)
    expect(given?.aborted).toBe(false)
    await rig.advance(1)
    await started
    expect(given?.aborted).toBe(true)
    expect(rig.observed).toEqual(['keys cluster timeout'])
  })
})

const stall: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': '5000' })
  response.write('{"keys":[')
}

describe('a real server', () => {
  const limits = { fetchTimeoutMs: 150, loginWaitMs: 50, maxDocumentBytes: 2 ** 24 }

  async function statusAgainst(listener: RequestListener) {
    const server = await startKeyServer()
    let isClosed = false
    server.serve((request, response) => {
      request.socket.once('close', () => (isClosed = true))
      listener(request, response)
    })
    const rig = createRig([issuerAt(`${server.origin}/keys`)], { realTimers: true, limits })
    const started = rig.authenticator.start()
    const code = codeOf(await rig.login(tokenA))
    await started
    // Nothing is left open behind a reading that was given up.
    await expect.poll(() => isClosed).toBe(true)
    rig.authenticator.stop()
    await server.close()
    return { code, problem: rig.authenticator.status(rig.now())[0]?.keys.problem?.code }
  }

  test('that never answers costs a login its wait and the reading its limit', async () => {
    expect(await statusAgainst(() => undefined)).toEqual({ code: 'ISSUER_KEYS_UNAVAILABLE', problem: 'timeout' })
  })

  test('that hangs in the middle of the body does as well', async () => {
    expect(await statusAgainst(stall)).toEqual({ code: 'ISSUER_KEYS_UNAVAILABLE', problem: 'timeout' })
  })

  test('that trickles is not waited for either: the limit is for the whole', async () => {
    let stopped = false
    const listener: RequestListener = (_request, response) => {
      response.once('close', () => (stopped = true))
      response.writeHead(200)
      const trickle = (): void => {
        if (!stopped) response.write(' ', () => setImmediate(trickle))
      }
      trickle()
    }
    expect((await statusAgainst(listener)).problem).toBe('timeout')
  })

  test('that rotates is followed, and a storm of new tokens asks it once', async () => {
    const server = await startKeyServer()
    server.serveJson(keySetOf(a))
    const rig = createRig([issuerAt(`${server.origin}/keys`)], { realTimers: true })
    await rig.authenticator.start()
    server.serveJson(keySetOf(a, b))
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        mint(serviceAccountClaims({ exp: 4e9, jti: `t-${index}` }), { key: b }),
      ),
    )
    const verdicts = await Promise.all(tokens.map((token) => rig.login(token)))
    expect(new Set(verdicts.map(codeOf))).toEqual(new Set(['ok']))
    expect(server.requests).toHaveLength(2)
    rig.authenticator.stop()
    await server.close()
    await comeToRest()
  })
})
