/** Keys and credentials in the forms that NATS tools read: `.nk` seed files, `.creds` files. */
import { fmtCreds } from '@nats-io/jwt'
import { fromSeed } from 'nkeys.js'
import type { MadeKey } from './keys.ts'
import type { GeneratedFile, Holder } from './server-config.ts'

export function keyFile(name: string, key: MadeKey, holder: Holder, purpose: string): GeneratedFile {
  return { name, content: `${key.seed}\n`, secret: true, holder, purpose }
}

export function credsFile(name: string, jwt: string, key: MadeKey, holder: Holder, purpose: string): GeneratedFile {
  const content = Buffer.from(fmtCreds(jwt, fromSeed(Buffer.from(key.seed)))).toString('utf8')
  return { name, content, secret: holder !== 'clients', holder, purpose }
}

export function jwtFile(name: string, jwt: string, holder: Holder, purpose: string): GeneratedFile {
  return { name, content: `${jwt}\n`, secret: false, holder, purpose }
}
