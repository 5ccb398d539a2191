/** The operator's pen: changes an account JWT of a generated configuration and signs it anew. */
import { decode, type Account } from '@nats-io/jwt'
import type { ServerConfig } from '../../../src/server-config/index.ts'
import { createClaimsSigner, type MadeKey } from '../../../src/server-config/keys.ts'

export const signClaims = createClaimsSigner({ now: Date.now })

/** @param jwt of one of the accounts. @param change of its `nats` claims. */
export function resignAccount(
  config: ServerConfig,
  jwt: string,
  change: (account: Partial<Account>) => object,
): string {
  const { iss, sub, name, nats } = decode<Account>(jwt)
  return signClaims({ iss, sub, name, nats: { ...nats, ...change(nats) } }, keyIn(config, 'operator.nk', iss), 'O')
}

export function keyIn({ files }: ServerConfig, name: string, publicKey: string): MadeKey {
  const content = files.find((file) => file.name === name)?.content
  if (content === undefined) throw new Error(`no ${name}`)
  return { seed: content.trim(), publicKey }
}
