/**
 * The least that each of our own users needs. Pure.
 * The lists are proven against nats-server in test/server-config: with less the bridge cannot work, and nothing beyond is admitted.
 */
import { ASKS } from '../answers/question.ts'
import type { ReplyPermission } from './setup.ts'

export interface OwnPermissions {
  readonly publish: { readonly allow?: readonly string[]; readonly deny?: readonly string[] }
  readonly subscribe: { readonly allow?: readonly string[]; readonly deny?: readonly string[] }
  /** One reply for each request that was delivered, and for how many seconds. */
  readonly reply?: { readonly max: number; readonly seconds: number }
}

const CALLOUT_SUBJECT = '$SYS.REQ.USER.AUTH'

/** Inbox prefix that a client of the sessions user must set, so that no other system user can read its answers. */
export const SESSIONS_INBOX_PREFIX = '_INBOX_nib'

/**
 * Takes requests in its queue group and answers them; not a plain subscription, which would answer every request a second time,
 * and no request of its own.
 */
export function bridgePermissions(queue: string, replies: ReplyPermission, seconds: number): OwnPermissions {
  const subscribe = { allow: [`${CALLOUT_SUBJECT} ${queue}`] }
  if (replies === 'inbox') return { publish: { allow: ['$SYS._INBOX.>'], deny: [CALLOUT_SUBJECT] }, subscribe }
  return { publish: { deny: ['>'] }, subscribe, reply: { max: 1, seconds } }
}

/** Finds connections (CONNZ), closes them (KICK), hears of new and closed ones. */
export const SESSIONS_PERMISSIONS: OwnPermissions = {
  publish: { allow: ['$SYS.REQ.SERVER.PING.CONNZ', '$SYS.REQ.SERVER.*.KICK'] },
  subscribe: { allow: [`${SESSIONS_INBOX_PREFIX}.>`, '$SYS.ACCOUNT.*.CONNECT', '$SYS.ACCOUNT.*.DISCONNECT'] },
}

/**
 * Answers questions in its queue group, and tells of itself as micro services do (ADR-32). One reply to each request: private inboxes
 * begin with a token of their own, which no list of subjects can say; subjects are written out, as a server takes `$SRV.>` for `$SRV.*`. That it goes into an inbox is seen to by the bridge.
 */
export const QUESTIONS_PERMISSIONS: OwnPermissions = {
  publish: { deny: ['>'] },
  subscribe: {
    allow: [
      ...ASKS.map((ask) => `nib.audit.${ask} nib`),
      ...['PING', 'INFO', 'STATS'].flatMap((verb) => [`$SRV.${verb}`, `$SRV.${verb}.nib`, `$SRV.${verb}.nib.*`]),
    ],
  },
  reply: { max: 1, seconds: 120 },
}

export const NOTHING: OwnPermissions = { publish: { deny: ['>'] }, subscribe: { deny: ['>'] } }

/** Written out, as an account's default permissions would take the place of none. */
export const EVERYTHING: OwnPermissions = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } }
