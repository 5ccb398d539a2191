/** A NATS operator with accounts, as nsc would make it: keys, and account JWTs encoded by @nats-io/jwt. */
import { encodeAccount, newScopedSigner, type Account } from '@nats-io/jwt'
import { fromPublic, fromSeed } from 'nkeys.js'
import { createSigningKey } from '../../src/nkey/index.ts'

export interface TestKey {
  readonly seed: string
  readonly publicKey: string
}

export interface TestOperator {
  readonly key: TestKey
  /** @param signedBy default: the operator. @param exp Unix seconds. */
  accountJwt(
    account: TestKey,
    claims: Partial<Account>,
    options?: { signedBy?: TestKey; exp?: number },
  ): Promise<string>
}

export function createOperator(): TestOperator {
  const key = createSigningKey('O')
  return {
    key,
    accountJwt(account, claims, { signedBy = key, exp } = {}) {
      const signer = fromSeed(Buffer.from(signedBy.seed))
      return encodeAccount('test', fromPublic(account.publicKey), claims, {
        signer,
        ...(exp === undefined ? {} : { exp }),
      })
    },
  }
}

export function scoped(key: TestKey): ReturnType<typeof newScopedSigner> {
  return newScopedSigner(fromPublic(key.publicKey), 'service', { subs: 10 })
}
