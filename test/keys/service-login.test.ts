import { encodeUser, fmtCreds } from '@nats-io/jwt'
import { fromPublic, fromSeed, type KeyPair } from 'nkeys.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openServiceLogin, type ServiceCredentials, type ServiceLogin } from '../../src/keys/index.ts'
import { createSigningKey } from '../../src/nkey/index.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const soon = { timeout: 10_000, interval: 5 }

async function open(credentials: ServiceCredentials): Promise<{ login: ServiceLogin; logged: Diagnostic[] }> {
  const logged: Diagnostic[] = []
  const log = (diagnostic: Diagnostic): void => void logged.push(diagnostic)
  const result = await openServiceLogin(credentials, { now: Date.now, log, watching: { settleMs: 10, pollMs: 100 } })
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  onTestFinished(() => result.value.close())
  return { login: result.value, logged }
}

async function credsOf(
  account = createSigningKey('A'),
  options: Parameters<typeof encodeUser>[4] = {},
): Promise<string> {
  const user = createSigningKey('U')
  const jwt = await encodeUser('bridge', fromPublic(user.publicKey), fromSeed(Buffer.from(account.seed)), {}, options)
  return Buffer.from(fmtCreds(jwt, fromSeed(Buffer.from(user.seed)))).toString()
}

describe('the service login', () => {
  test('reads a password without the line break behind it, and takes up a new one', async () => {
    const folder = tempFolder()
    const passwordFile = folder.write('password', 'first pass \n')
    const { login, logged } = await open({ user: 'bridge', passwordFile })
    expect(login.authenticator()).toEqual({ user: 'bridge', pass: 'first pass ' })
    folder.replace('password', 'second')
    await expect.poll(() => login.authenticator(), soon).toEqual({ user: 'bridge', pass: 'second' })
    expect(logged.map(({ code }) => code)).toEqual(['keys-changed'])
    expect(JSON.stringify(logged)).not.toContain('second')
  })

  test('signs the nonce with an nkey seed', async () => {
    const folder = tempFolder()
    const user = createSigningKey('U')
    const { login } = await open({ nkeySeedFile: folder.write('seed', `${user.seed}\n`) })
    expect(login.authenticator('nonce')).toMatchObject({ nkey: user.publicKey, sig: expect.any(String) })
  })

  test('reads a creds file', async () => {
    const folder = tempFolder()
    const { login } = await open({ credsFile: folder.write('bridge.creds', await credsOf()) })
    expect(login.authenticator('nonce')).toMatchObject({ jwt: expect.stringMatching(/^eyJ/), sig: expect.any(String) })
  })

  test.each([
    ['without a line break at its end', (text: string) => text.trimEnd()],
    ['with the line breaks of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
  ])('reads a creds file %s', async (_, change) => {
    const { login } = await open({ credsFile: tempFolder().write('bridge.creds', change(await credsOf())) })
    expect(login.authenticator('nonce')).toMatchObject({ jwt: expect.stringMatching(/^eyJ/), sig: expect.any(String) })
  })

  test('takes a creds file of the callout account alone, signed by its key or by a signing key of it', async () => {
    const [account, signing, other] = [createSigningKey('A'), createSigningKey('A'), createSigningKey('A')]
    const seedOf = (key: { readonly seed: string }): KeyPair => fromSeed(Buffer.from(key.seed))
    const tryIn = async (calloutAccount: string, text: string): Promise<unknown> => {
      const credsFile = tempFolder().write('bridge.creds', text)
      const ports = { now: Date.now, log: () => undefined }
      const result = await openServiceLogin({ credsFile }, ports, 'nats.credentials', calloutAccount)
      if (result.ok) result.value.close()
      return result.ok ? 'taken' : result.error
    }
    const own = await credsOf(account)
    const signed = await credsOf(account, { signer: seedOf(signing) })
    expect(await tryIn(account.publicKey, own)).toBe('taken')
    expect(await tryIn(account.publicKey, signed)).toBe('taken')
    for (const text of [own, signed]) {
      expect(await tryIn(other.publicKey, text)).toEqual([
        expect.objectContaining({
          code: 'login-other-account',
          message: expect.stringContaining(account.publicKey),
          hint: expect.stringContaining('nsc generate creds'),
        }),
      ])
    }
  })

  test('keeps the last good secret while the file is broken, and says so once', async () => {
    const folder = tempFolder()
    const passwordFile = folder.write('password', 'good')
    const { login, logged } = await open({ user: 'bridge', passwordFile })
    folder.remove('password')
    await expect.poll(() => logged.map(({ code }) => code), soon).toEqual(['key-file-unreadable'])
    expect(login.authenticator()).toMatchObject({ pass: 'good' })
    folder.write('password', 'better')
    await expect.poll(() => login.authenticator(), soon).toMatchObject({ pass: 'better' })
    expect(logged.map(({ code }) => code)).toEqual(['key-file-unreadable', 'keys-changed'])
  })

  test.for<[string, (file: string) => ServiceCredentials, string, RegExp]>([
    ['an empty password', (passwordFile) => ({ user: 'bridge', passwordFile }), '\n', /holds no password/],
    ['an account seed', (nkeySeedFile) => ({ nkeySeedFile }), createSigningKey('A').seed, /starts with SU/],
    ['half a creds file', (credsFile) => ({ credsFile }), '-----BEGIN NATS USER JWT-----\neyJ', /is no creds file/],
  ])('refuses %s', async ([, credentials, text, message]) => {
    const folder = tempFolder()
    const result = await openServiceLogin(credentials(folder.write('f', text)), { now: Date.now, log: () => undefined })
    expect(result).toMatchObject({
      ok: false,
      error: [{ code: 'login-file-malformed', message: expect.stringMatching(message) }],
    })
  })
})
