import { describe, expect, onTestFinished, test } from 'vitest'
import { openKeyring, type Keyring, type OperatorModeKeys } from '../../src/keys/index.ts'
import { createBoxKey, createSigningKey } from '../../src/nkey/index.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { createOperator, scoped, type TestKey } from './operator.ts'
import { NEXT_STEP } from './next-steps.ts'

const soon = { timeout: 10_000, interval: 5 }
const operator = createOperator()
const user = createSigningKey('U').publicKey

/** A sound set-up in a folder; tests bend one thing each. */
interface House {
  readonly folder: TempFolder
  readonly callout: TestKey
  readonly shop: TestKey
  readonly shopSigning: TestKey
  settings: OperatorModeKeys
}

async function house(): Promise<House> {
  const folder = tempFolder()
  const [callout, shop, shopSigning] = [createSigningKey('A'), createSigningKey('A'), createSigningKey('A')]
  const authorization = { auth_users: [user], allowed_accounts: [shop.publicKey] }
  folder.write('callout.jwt', await operator.accountJwt(callout, { authorization }))
  folder.write('shop.jwt', await operator.accountJwt(shop, { signing_keys: [shopSigning.publicKey] }))
  folder.write('callout.nk', callout.seed)
  folder.write('shop.nk', shopSigning.seed)
  const settings: OperatorModeKeys = {
    mode: 'operator',
    callout: { publicKey: callout.publicKey, jwtFile: folder.at('callout.jwt') },
    response: [{ seedFile: folder.at('callout.nk') }],
    xkey: [],
    accounts: [
      {
        name: 'SHOP',
        publicKey: shop.publicKey,
        jwtFile: folder.at('shop.jwt'),
        signingKeys: [{ seedFile: folder.at('shop.nk') }],
      },
    ],
  }
  return { folder, callout, shop, shopSigning, settings }
}

async function open(settings: OperatorModeKeys): Promise<{ keyring: Keyring; logged: Diagnostic[] }> {
  const logged: Diagnostic[] = []
  const log = (diagnostic: Diagnostic): void => void logged.push(diagnostic)
  const result = await openKeyring(settings, { now: Date.now, log, watching: { settleMs: 10, pollMs: 100 } })
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  onTestFinished(() => result.value.close())
  return { keyring: result.value, logged }
}

async function refusal(settings: OperatorModeKeys): Promise<readonly Diagnostic[]> {
  const result = await openKeyring(settings, { now: Date.now, log: () => undefined })
  if (!result.ok) return result.error
  result.value.close()
  throw new Error('opened')
}

describe('a keyring in operator mode', () => {
  test('places with the first signing key of the account and answers with the callout account', async () => {
    const { callout, shop, shopSigning, settings } = await house()
    const { keyring, logged } = await open(settings)
    const account = keyring.forAccount('SHOP', callout.publicKey)
    expect(account?.signer.publicKey).toBe(shopSigning.publicKey)
    expect(account?.placement).toEqual({ mode: 'operator', issuerAccount: shop.publicKey })
    expect(keyring.forResponse(callout.publicKey)?.signer.publicKey).toBe(callout.publicKey)
    expect(keyring.forResponse(callout.publicKey)).not.toHaveProperty('issuerAccount')
    expect(keyring.forAccount('BILLING', callout.publicKey)).toBeUndefined()
    expect([keyring.isOurs(callout.publicKey), keyring.isOurs(shop.publicKey)]).toEqual([true, false])
    expect(logged).toEqual([])
  })

  test('answers with a signing key of the callout account, naming the account', async () => {
    const { folder, callout, shop, settings } = await house()
    const signing = createSigningKey('A')
    const authorization = { auth_users: [user], allowed_accounts: ['*'] }
    folder.write(
      'callout.jwt',
      await operator.accountJwt(callout, { authorization, signing_keys: [signing.publicKey] }),
    )
    folder.write('callout.nk', signing.seed)
    const { keyring } = await open(settings)
    const response = keyring.forResponse(callout.publicKey)
    expect([response?.signer.publicKey, response?.issuerAccount]).toEqual([signing.publicKey, callout.publicKey])
    expect(keyring.forAccount('SHOP', callout.publicKey)?.placement).toMatchObject({ issuerAccount: shop.publicKey })
  })

  test('needs no JWT where the account signs with its own key', async () => {
    const { folder, shop, settings } = await house()
    const signingKeys = [{ seedFile: folder.write('identity.nk', shop.seed) }]
    const { keyring } = await open({
      ...settings,
      accounts: [{ name: 'SHOP', publicKey: shop.publicKey, signingKeys }],
    })
    expect(keyring.forAccount('SHOP', '')?.signer.publicKey).toBe(shop.publicKey)
  })

  test('warns when nothing says whether the callout account fits', async () => {
    const { callout, settings } = await house()
    const { logged } = await open({ ...settings, callout: { publicKey: callout.publicKey } })
    expect(logged.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'account-jwt-unchecked']])
  })
})

describe('a keyring in operator mode refuses to open', () => {
  type Bend = (house: House) => Promise<Partial<OperatorModeKeys> | void>
  const stranger = createSigningKey('A')

  test.for<[string, Bend, string, RegExp]>([
    [
      'a scoped signing key, because its template would decide',
      async ({ folder, shop, shopSigning }) => {
        folder.write('shop.jwt', await operator.accountJwt(shop, { signing_keys: [scoped(shopSigning)] }))
      },
      'signing-key-scoped',
      /its template and refuse the permissions that our policy gives/,
    ],
    [
      'a signing key that the account does not list',
      async ({ folder }) => void folder.write('shop.nk', stranger.seed),
      'signing-key-unlisted',
      new RegExp(stranger.publicKey),
    ],
    [
      'a response key that the callout account does not list',
      async ({ folder }) => void folder.write('callout.nk', stranger.seed),
      'signing-key-unlisted',
      /the callout account/,
    ],
    [
      'an account that the callout account may not place users in',
      async ({ folder, callout }) => {
        const authorization = { auth_users: [user], allowed_accounts: [stranger.publicKey] }
        folder.write('callout.jwt', await operator.accountJwt(callout, { authorization }))
      },
      'account-not-allowed',
      /account SHOP/,
    ],
    [
      'a star among the allowed accounts that does not stand alone',
      async ({ folder, callout }) => {
        const authorization = { auth_users: [user], allowed_accounts: ['*', stranger.publicKey] }
        folder.write('callout.jwt', await operator.accountJwt(callout, { authorization }))
      },
      'account-not-allowed',
      /account SHOP/,
    ],
    [
      'a callout account without a service user',
      async ({ folder, callout, shop }) => {
        const authorization = { auth_users: [], allowed_accounts: [shop.publicKey] }
        folder.write('callout.jwt', await operator.accountJwt(callout, { authorization }))
      },
      'callout-off',
      /never asks the bridge/,
    ],
    [
      'an xkey that the account does not name',
      async ({ folder }) => ({ xkey: [{ seedFile: folder.write('x.nk', createBoxKey().seed) }] }),
      'xkey-differs',
      /names no xkey/,
    ],
    [
      'a missing xkey that the account names',
      async ({ folder, callout, shop }) => {
        const xkey = createBoxKey().publicKey
        const authorization = { auth_users: [user], allowed_accounts: [shop.publicKey], xkey }
        folder.write('callout.jwt', await operator.accountJwt(callout, { authorization }))
      },
      'xkey-differs',
      /callout.xkey is not configured/,
    ],
    [
      'the JWT of another account',
      async ({ folder }) => void folder.write('shop.jwt', await operator.accountJwt(stranger, {})),
      'account-jwt-wrong-account',
      /another account/,
    ],
    [
      'an account JWT that the account signed itself',
      async ({ folder, shop, shopSigning }) => {
        const claims = { signing_keys: [shopSigning.publicKey] }
        folder.write('shop.jwt', await operator.accountJwt(shop, claims, { signedBy: shop }))
      },
      'account-jwt-untrusted',
      /not signed by an operator/,
    ],
    [
      'an expired account JWT',
      async ({ folder, shop }) => void folder.write('shop.jwt', await operator.accountJwt(shop, {}, { exp: 1_000 })),
      'account-jwt-expired',
      /has expired/,
    ],
    [
      'an account JWT whose claims were changed after signing',
      async ({ folder, shop }) => {
        const [header, claims = '', signature] = (await operator.accountJwt(shop, {})).split('.')
        const text = Buffer.from(claims, 'base64url').toString().replace('"test"', '"TEST"')
        folder.write('shop.jwt', `${header}.${Buffer.from(text).toString('base64url')}.${signature}`)
      },
      'account-jwt-malformed',
      /signature does not verify/,
    ],
    [
      'a file without a JWT',
      async ({ folder }) => void folder.write('shop.jwt', 'x'),
      'account-jwt-malformed',
      /0 tokens/,
    ],
    ['a missing JWT file', async ({ folder }) => folder.remove('shop.jwt'), 'account-jwt-unreadable', /does not exist/],
    [
      'a signing key of which nobody can tell whether it is scoped',
      async ({ settings }) => ({
        accounts: settings.accounts.map(({ name, publicKey, signingKeys }) => ({ name, publicKey, signingKeys })),
      }),
      'account-jwt-missing',
      /cannot be told/,
    ],
  ])('%s', async ([, bend, code, message]) => {
    const bent = await house()
    const changes = await bend(bent)
    const diagnostics = await refusal({ ...bent.settings, ...changes })
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code])
    expect(diagnostics[0]).toMatchObject({ severity: 'error', message: expect.stringMatching(message) })
    expect(diagnostics[0]?.hint).toMatch(NEXT_STEP[code] ?? /no such code/)
  })

  test('even when only the second key listed is scoped', async () => {
    const { folder, shop, shopSigning, settings } = await house()
    const second = createSigningKey('A')
    folder.write('shop.jwt', await operator.accountJwt(shop, { signing_keys: [shopSigning.publicKey, scoped(second)] }))
    const signingKeys = [folder.at('shop.nk'), folder.write('second.nk', second.seed)].map((seedFile) => ({ seedFile }))
    const accounts = settings.accounts.map((account) => ({ ...account, signingKeys }))
    const diagnostics = await refusal({ ...settings, accounts })
    expect(diagnostics.map(({ code, file }) => [code, file])).toEqual([['signing-key-scoped', folder.at('second.nk')]])
  })
})

describe('a rotation in operator mode', () => {
  test('moves to the new key once the account lists it, and not a moment before', async () => {
    const { folder, shop, shopSigning, settings } = await house()
    const { keyring, logged } = await open(settings)
    const next = createSigningKey('A')
    const current = (): string | undefined => keyring.forAccount('SHOP', '')?.signer.publicKey
    folder.replace('shop.nk', next.seed)
    await expect.poll(() => logged.map(({ code }) => code), soon).toEqual(['signing-key-unlisted'])
    expect(current()).toBe(shopSigning.publicKey)
    const signing_keys = [shopSigning.publicKey, next.publicKey]
    folder.replace('shop.jwt', await operator.accountJwt(shop, { signing_keys }))
    await expect.poll(current, soon).toBe(next.publicKey)
    expect(keyring.status().diagnostics).toEqual([])
  })

  test('goes on by the last good JWT while its file is gone', async () => {
    const { folder, shop, shopSigning, settings } = await house()
    const next = createSigningKey('A')
    const signing_keys = [shopSigning.publicKey, next.publicKey]
    folder.write('shop.jwt', await operator.accountJwt(shop, { signing_keys }))
    const { keyring } = await open(settings)
    folder.remove('shop.jwt')
    const codes = (): string[] => keyring.status().diagnostics.map(({ code }) => code)
    await expect.poll(codes, soon).toEqual(['account-jwt-unreadable'])
    folder.replace('shop.nk', next.seed)
    await expect.poll(() => keyring.forAccount('SHOP', '')?.signer.publicKey, soon).toBe(next.publicKey)
  })

  test('keeps the response key while the new one is not listed', async () => {
    const { folder, callout, settings } = await house()
    const { keyring, logged } = await open(settings)
    folder.replace('callout.nk', createSigningKey('A').seed)
    await expect.poll(() => logged.map(({ code }) => code), soon).toEqual(['signing-key-unlisted'])
    expect(keyring.forResponse('')?.signer.publicKey).toBe(callout.publicKey)
  })

  test('of one account goes through while another account is broken', async () => {
    const { folder, callout, shop, settings } = await house()
    const billing = createSigningKey('A')
    const authorization = { auth_users: [user], allowed_accounts: ['*'] }
    folder.write('callout.jwt', await operator.accountJwt(callout, { authorization }))
    const signingKeys = [{ seedFile: folder.write('billing.nk', billing.seed) }]
    const accounts = [...settings.accounts, { name: 'BILLING', publicKey: billing.publicKey, signingKeys }]
    const { keyring } = await open({ ...settings, accounts })
    const next = createSigningKey('A')
    folder.replace('billing.nk', next.seed)
    folder.replace('shop.jwt', await operator.accountJwt(shop, { signing_keys: [next.publicKey] }))
    folder.replace('shop.nk', next.seed)
    await expect.poll(() => keyring.forAccount('SHOP', '')?.signer.publicKey, soon).toBe(next.publicKey)
    expect(keyring.forAccount('BILLING', '')?.signer.publicKey).toBe(billing.publicKey)
  })

  test('of the xkey keeps the old one while the account does not name the new one', async () => {
    const { folder, callout, shop, settings } = await house()
    const [old, next] = [createBoxKey(), createBoxKey()]
    const claims = (xkey: string) => ({
      authorization: { auth_users: [user], allowed_accounts: [shop.publicKey], xkey },
    })
    folder.write('callout.jwt', await operator.accountJwt(callout, claims(old.publicKey)))
    const { keyring } = await open({ ...settings, xkey: [{ seedFile: folder.write('x.nk', old.seed) }] })
    const xkeys = (): string[] => keyring.boxKeys().map((key) => key.publicKey)
    folder.replace('x.nk', next.seed)
    await expect.poll(() => keyring.status().diagnostics.map(({ code }) => code), soon).toEqual(['xkey-differs'])
    expect(xkeys()).toEqual([old.publicKey])
    folder.replace('callout.jwt', await operator.accountJwt(callout, claims(next.publicKey)))
    await expect.poll(xkeys, soon).toEqual([next.publicKey])
  })
})
