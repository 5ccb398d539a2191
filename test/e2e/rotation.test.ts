/**
 * Every key can be replaced while logins go on, without a restart of the bridge: for a while both are there, then the old one goes.
 * A broken key file takes no good key away, and a key that would let somebody else decide is refused at the start.
 */
import { connect } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { createBoxKey, createSigningKey } from '../../src/nkey/index.ts'
import type { AccountOfOperator, OperatorModeBridge } from '../../src/server-config/index.ts'
import { startKeyServer } from '../authn/support/key-server.ts'
import { keySetOf, makeKey, mint, type MintKey } from '../authn/support/token-mint.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { REFUSED, tryLogin } from './support/line-client.ts'
import { resignAccount } from './support/resign-account.ts'
import { AUDIENCE, LIMIT_MS, startRig, WHATEVER_MODE, type Rig } from './support/rig.ts'
import { connections } from './support/server-side.ts'

const natsServer = await natsServerForTests()
const all = natsServer === undefined ? describe.skip : describe
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'

/** A Secret volume with one file, swapped as the kubelet swaps it. */
function secretVolume(seed: string): { readonly file: string; swap(...seeds: readonly string[]): void } {
  const folder: TempFolder = tempFolder()
  let version = 0
  const swap = (...seeds: readonly string[]): void =>
    folder.mount(`v${(version += 1)}`, { 'key.nk': `${seeds.join('\n')}\n` })
  swap(seed)
  return { file: folder.at('key.nk'), swap }
}

/** @returns what is to be called after a change; resolves when the bridge says that these keys are in use and those are not. */
async function keysInUse(rig: Rig, here: readonly string[], gone: readonly string[] = []): Promise<void> {
  const settled = (): true | undefined => {
    const line = rig.log.having('keys-changed').at(-1) ?? ''
    return (here.every((key) => line.includes(key)) && !gone.some((key) => line.includes(key))) || undefined
  }
  await eventually(settled, LIMIT_MS, 'a change of keys')
}

/** In config mode nats-server does not take another callout on reload: there it is restarted, and the bridge finds back to it. */
async function reconfigure({ env, bridge }: Rig, text: string): Promise<void> {
  if (env.mode === 'operator') return env.server.reload(text)
  await env.restart(text)
  await eventually(() => bridge.readiness().ready || undefined, LIMIT_MS, 'the return of nats-server')
}

const restoring = async <T>(rig: Rig, use: () => Promise<T>): Promise<T> => {
  try {
    return await use()
  } finally {
    await reconfigure(rig, rig.env.config.text)
  }
}

all.each(environments)('keys (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name, { withWire: false })
  })
  afterAll(() => rig.stop())

  test.runIf(name.startsWith('config'))(
    'of the callout issuer: two while the servers move from one to the other',
    async () => {
      const { bridge, config } = rig.env
      if (bridge.mode !== 'config') throw new Error('not config mode')
      const old = bridge.issuer.publicKey
      const next = createSigningKey('A')
      const volume = secretVolume(rig.env.read(bridge.issuer.file ?? ''))
      await rig.withOverlay({ callout: { issuer: [{ seedFile: volume.file }] } }, () =>
        restoring(rig, async () => {
          volume.swap(rig.env.read(bridge.issuer.file ?? ''), next.seed)
          await keysInUse(rig, [old, next.publicKey])
          await rig.expectGoodLogin()
          await reconfigure(rig, config.text.replaceAll(old, next.publicKey))
          await rig.expectGoodLogin()
          volume.swap(next.seed)
          await keysInUse(rig, [next.publicKey], [old])
          await rig.expectGoodLogin()
          expect(rig.log.having(next.seed)).toEqual([])
        }),
      )
    },
  )

  test.runIf(name.endsWith('xkey'))('of the box: two while the servers move from one to the other', async () => {
    const { bridge, config } = rig.env
    const { publicKey: old = '', file = '' } = bridge.xkey ?? {}
    const next = createBoxKey()
    const volume = secretVolume(rig.env.read(file))
    await rig.withOverlay({ callout: { xkey: [{ seedFile: volume.file }] } }, () =>
      restoring(rig, async () => {
        volume.swap(rig.env.read(file), next.seed)
        await keysInUse(rig, [old, next.publicKey])
        await rig.expectGoodLogin()
        if (bridge.mode === 'config') await reconfigure(rig, config.text.replaceAll(old, next.publicKey))
        else
          await pushAccount(rig, bridge.calloutAccount, ({ authorization }) => ({
            authorization: { ...authorization, xkey: next.publicKey },
          }))
        await rig.expectGoodLogin()
        volume.swap(next.seed)
        await keysInUse(rig, [next.publicKey], [old])
        await rig.expectGoodLogin()
        if (bridge.mode === 'operator') await rig.writeFile(bridge.calloutAccount.jwtFile, bridge.calloutAccount.jwt)
      }),
    )
  })

  describe.runIf(name.startsWith('operator'))('of an account', () => {
    const bridgeOf = (): OperatorModeBridge => {
      const { bridge } = rig.env
      if (bridge.mode !== 'operator') throw new Error('not operator mode')
      return bridge
    }
    const shop = (): AccountOfOperator => {
      const account = bridgeOf().accounts.find((one) => one.name === 'SHOP')
      if (account === undefined) throw new Error('no SHOP')
      return account
    }
    const listed = (account: AccountOfOperator, seedFile = account.signingKey.file): object => ({
      name: account.name,
      publicKey: account.publicKey,
      jwtFile: account.jwtFile,
      signingKeys: [{ seedFile }],
    })
    const others = (): readonly object[] =>
      bridgeOf()
        .accounts.filter(({ name: one }) => one !== 'SHOP')
        .map((one) => listed(one))
    const issuerOfLogin = async (): Promise<string | undefined> => {
      const client = await rig.logIn(await rig.token())
      const [found] = await connections(rig.env, { user: ORDERS })
      await client.close()
      return found?.issuer_key
    }

    test('that signs users: the next login is signed by the new one', async () => {
      const account = shop()
      const old = account.signingKey.publicKey
      const next = createSigningKey('A')
      const volume = secretVolume(rig.env.read(account.signingKey.file ?? ''))
      await rig.withOverlay({ accounts: [...others(), listed(account, volume.file)] }, () =>
        restoring(rig, async () => {
          expect(await issuerOfLogin()).toBe(old)
          // A key that the account does not list yet is not used.
          volume.swap(next.seed)
          await eventually(() => rig.log.having('signing-key-unlisted')[0], LIMIT_MS, 'a word about the key')
          expect(await issuerOfLogin()).toBe(old)
          await pushAccount(rig, account, () => ({ signing_keys: [old, next.publicKey] }))
          await keysInUse(rig, [next.publicKey], [old])
          expect(await issuerOfLogin()).toBe(next.publicKey)
          await pushAccount(rig, account, () => ({ signing_keys: [next.publicKey] }))
          expect(await issuerOfLogin()).toBe(next.publicKey)
          await rig.writeFile(account.jwtFile, account.jwt)
        }),
      )
    })

    test('that signs responses: the servers take the new one', async () => {
      const { calloutAccount } = bridgeOf()
      const old = calloutAccount.signingKey.publicKey
      const next = createSigningKey('A')
      const volume = secretVolume(rig.env.read(calloutAccount.signingKey.file ?? ''))
      await rig.withOverlay({ callout: { response: [{ seedFile: volume.file }] } }, () =>
        restoring(rig, async () => {
          await rig.expectGoodLogin()
          await pushAccount(rig, calloutAccount, () => ({ signing_keys: [old, next.publicKey] }))
          volume.swap(next.seed, rig.env.read(calloutAccount.signingKey.file ?? ''))
          await keysInUse(rig, [next.publicKey], [old])
          await rig.expectGoodLogin()
          await pushAccount(rig, calloutAccount, () => ({ signing_keys: [next.publicKey] }))
          volume.swap(next.seed)
          await rig.expectGoodLogin()
          await rig.writeFile(calloutAccount.jwtFile, calloutAccount.jwt)
        }),
      )
    })

    test('may be its own, for users and for responses, and then no JWT is needed to tell', async () => {
      const { calloutAccount } = bridgeOf()
      const own = ({ name: one, publicKey }: AccountOfOperator): object => ({
        name: one,
        publicKey,
        signingKeys: [{ seedFile: `${one}.nk` }],
      })
      const overlay = {
        accounts: bridgeOf().accounts.map(own),
        callout: { response: [{ seedFile: `${calloutAccount.name}.nk` }] },
      }
      await rig.withOverlay(overlay, async () => expect(await issuerOfLogin()).toBe(shop().publicKey))
    })

    test('with a scope are refused at the start, with the reason', async () => {
      const account = shop()
      const scope = {
        kind: 'user_scope',
        key: account.signingKey.publicKey,
        role: 'all',
        template: { pub: { allow: ['>'] } },
      }
      const jwt = resignAccount(rig.env.config, account.jwt, () => ({ signing_keys: [scope] }))
      const jwtFile = await rig.writeFile('scoped.jwt', jwt)
      const problems = await rig.tryBridge({ accounts: [...others(), { ...listed(account), jwtFile }] })
      expect(problems).toEqual([
        expect.objectContaining({
          severity: 'error',
          code: 'signing-key-scoped',
          message: expect.stringMatching(/scoped: nats-server would apply its template/),
          hint: expect.stringContaining('nsc edit account'),
        }),
      ])
    })
  })

  test.runIf(WHATEVER_MODE.includes(name))(
    'of a token issuer: old and new tokens are good while both keys are published',
    async () => {
      const [old, next] = [makeKey(), makeKey()]
      const keys = await startKeyServer()
      keys.serveJson(keySetOf(old))
      const iat = Math.floor(Date.now() / 1000)
      const tokenBy = (key: MintKey): Promise<string> =>
        mint({ iss: 'https://lab.example', sub: 'ada', aud: AUDIENCE, groups: ['staff'], iat, exp: iat + 600 }, { key })
      const [oldToken, newToken] = [await tokenBy(old), await tokenBy(next)]
      const logIn = (token: string): Promise<string> => tryLogin(rig.env.server.port, { auth_token: token })
      const lab = {
        name: 'lab',
        kind: 'oidc',
        issuer: 'https://lab.example',
        audiences: [AUDIENCE],
        groupsClaim: 'groups',
        keys: { url: keys.origin, refresh: '1s' },
      }
      await rig.withOverlay({ identity: { issuers: [...rig.issuers(), lab] } }, async () => {
        expect(await logIn(oldToken)).toBe('in')
        keys.serveJson(keySetOf(old, next))
        // Its kid is not known: the keys are read again at once.
        expect([await logIn(newToken), await logIn(oldToken)]).toEqual(['in', 'in'])
        keys.serveJson(keySetOf(next))
        const asked = keys.requests.length
        await eventually(() => keys.requests.length > asked + 1 || undefined, LIMIT_MS, 'the next readings of the keys')
        const record = await rig.decisionOf(async () => expect(await logIn(oldToken)).toBe(REFUSED))
        // A verdict that was good is no longer, with the key it rested on.
        expect(record).toMatchObject({ code: 'TOKEN_KEY_UNKNOWN', issuer: 'lab' })
        expect(await logIn(newToken)).toBe('in')
      })
      await keys.close()
    },
  )

  test('of the bridge’s own login are taken up at the next connect, a broken one never', async () => {
    const { login } = rig.env.bridge
    const file = login.kind === 'password' ? '' : (login.file ?? '')
    const good = `${rig.env.read(file)}\n`
    const other = rig.env.config.breakGlass[0]?.login
    const otherFile = other?.kind === 'password' ? '' : (other?.file ?? '')
    const accountsOfBridge = async (): Promise<ReadonlySet<string | undefined>> => {
      const own = (await connections(rig.env)).filter((one) => one.name?.startsWith('nib-'))
      return new Set(own.map(({ account }) => account))
    }
    const home = await accountsOfBridge()
    await rig.writeFile(file, 'half a se')
    await eventually(() => rig.log.having('login-file-malformed')[0], LIMIT_MS, 'a word about the login')
    await kickBridge(rig)
    await rig.expectGoodLogin()
    expect(await accountsOfBridge()).toEqual(home)
    // Another login that exists, of another account.
    await rig.writeFile(file, `${rig.env.read(otherFile)}\n`)
    if (rig.env.bridge.mode === 'operator') {
      // Its creds file says so, and no request would come there.
      await eventually(() => rig.log.having('login-other-account')[0], LIMIT_MS, 'a word about the login')
      await kickBridge(rig)
      expect(await accountsOfBridge()).toEqual(home)
    } else {
      await eventually(() => rig.log.having('used from the next connect on')[0], LIMIT_MS, 'a word about the login')
      expect(await accountsOfBridge()).toEqual(home)
      await kickBridge(rig)
      // That it is elsewhere shows that it is the one in use.
      const away = await accountsOfBridge()
      expect(away.size).toBe(1)
      expect([...away]).not.toEqual([...home])
    }
    const before = rig.log.having('used from the next connect on').length
    // Another text than the one that stayed in use, where one did.
    await rig.writeFile(file, rig.env.bridge.mode === 'operator' ? `${good}\n` : good)
    const isTaken = (): true | undefined => rig.log.having('used from the next connect on').length > before || undefined
    await eventually(isTaken, LIMIT_MS, 'a word about the login')
    await kickBridge(rig)
    expect(await accountsOfBridge()).toEqual(home)
    await rig.expectGoodLogin()
  })

  test.each([
    ['half written', (seed: string) => seed.slice(0, 20)],
    ['empty', () => ''],
    ['of another kind of key', () => createSigningKey('U').seed],
    [
      'with a letter exchanged',
      (seed: string) => `${seed.slice(0, 30)}${seed[30] === 'A' ? 'B' : 'A'}${seed.slice(31)}`,
    ],
    ['gone', () => undefined],
  ])('in a file that is %s stay as they were', async (_title, bend) => {
    const { bridge } = rig.env
    const files =
      bridge.mode === 'config'
        ? [bridge.issuer.file ?? '']
        : [
            bridge.calloutAccount.signingKey.file ?? '',
            ...bridge.accounts.map(({ signingKey }) => signingKey.file ?? ''),
          ]
    if (bridge.xkey?.file !== undefined) files.push(bridge.xkey.file)
    const seeds = new Map(files.map((file) => [file, rig.env.read(file)]))
    const before = rig.log.lines.length
    for (const [file, seed] of seeds) {
      const bent = bend(seed)
      if (bent === undefined) await rig.removeFile(file)
      else await rig.writeFile(file, bent)
    }
    const wordAbout = (file: string): string | undefined =>
      rig.log.lines
        .slice(before)
        .find((line) => /key-file-(malformed|unreadable)/.test(line) && line.includes(`/${file}"`))
    for (const file of files) {
      const word = await eventually(() => wordAbout(file), LIMIT_MS, `a word about ${file}`)
      expect(word).toContain('what was read before stays in use')
    }
    await rig.expectGoodLogin()
    expect(rig.bridge.readiness().ready).toBe(true)
    for (const [file, seed] of seeds) {
      await rig.writeFile(file, `${seed}\n`)
      expect(rig.log.lines.filter((line) => line.includes(seed.slice(0, 20)))).toEqual([])
    }
    await rig.expectGoodLogin()
  })
})

/** The operator changes an account: the servers and the bridge get its new JWT. */
async function pushAccount(
  rig: Rig,
  account: AccountOfOperator,
  change: Parameters<typeof resignAccount>[2],
): Promise<void> {
  const jwt = resignAccount(rig.env.config, account.jwt, change)
  await rig.env.server.reload(rig.env.config.text.replace(account.jwt, () => jwt))
  await rig.writeFile(account.jwtFile, jwt)
}

async function kickBridge(rig: Rig): Promise<void> {
  const sessions = await connect(rig.env.asSessions())
  const found = await sessions.request('$SYS.REQ.SERVER.PING.CONNZ', '{"auth":true}', { timeout: LIMIT_MS })
  const { server, data } = found.json<{
    server: { id: string }
    data: { connections: { cid: number; name?: string }[] }
  }>()
  const own = data.connections.filter((one) => one.name?.startsWith('nib-'))
  expect(own).toHaveLength(16)
  const before = rig.log.having('service connection connected').length
  for (const { cid } of own)
    await sessions.request(`$SYS.REQ.SERVER.${server.id}.KICK`, JSON.stringify({ cid }), { timeout: LIMIT_MS })
  await sessions.close()
  const isBack = (): true | undefined =>
    rig.log.having('service connection connected').length >= before + own.length || undefined
  await eventually(isBack, LIMIT_MS, 'the return of the connections')
}
