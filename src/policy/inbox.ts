/** Where the answers to a principal's requests arrive: policy.md section 4.5. Pure. */
import type { InboxKind } from './model.ts'

/** SHA-256 of the UTF-8 text, in lower-case hex. A parameter, because pure rooms do no cryptography. */
export type Sha256Hex = (text: string) => string

const SHARED_INBOX_PREFIX = '_INBOX'

/** 128 bits: nobody finds a second principal with the same token. */
const TOKEN = /^[0-9a-f]{32}/

/** What a client sets as `inboxPrefix`, without the dot: one token that depends on the principal's name alone. */
export function inboxPrefixOf(principalName: string, hash: Sha256Hex): string {
  const token = TOKEN.exec(hash(principalName))?.[0]
  if (token === undefined) throw new Error('the hash given for inboxes does not answer in lower-case hex')
  return `${SHARED_INBOX_PREFIX}_${token}`
}

export function inboxPrefixFor(inbox: InboxKind, principalName: string, hash: Sha256Hex): string {
  return inbox === 'shared' ? SHARED_INBOX_PREFIX : inboxPrefixOf(principalName, hash)
}
