/** What to paste to be a workload of the stand-in cluster: with the `nats` command, or from Node. Pure. */
import type { Allowed } from '../policy/decision.ts'
import { table } from '../lib/table.ts'

export interface Identity {
  /** `shop/orders`, or `people/1`; below the folder of tokens its file has the same name. */
  readonly name: string
  readonly about: string
  readonly tokenFile: string
  /** Absent when the policy does not let it in. */
  readonly decision: Allowed | undefined
}

export interface Access {
  readonly natsUrl: string
  /** Needed beside the token where the server does not assume it by itself. */
  readonly sentinelFile: string | undefined
}

export function identityTable(identities: readonly Identity[]): readonly string[] {
  const rows = identities.map(({ name, about, decision }) => [
    name,
    decision?.account ?? 'not let in',
    decision?.inboxPrefix ?? '',
    about,
  ])
  return table(['who', 'account', 'inbox prefix', ''], rows, { indent: 2 })
}

/** Something that each of a few identities may do, as a shell takes it. */
export function natsCommands(identities: readonly Identity[], { natsUrl, sentinelFile }: Access): readonly string[] {
  const sentinel = sentinelFile === undefined ? '' : ` --creds ${sentinelFile}`
  const line = ({ tokenFile, decision }: Identity, action: string): string =>
    `NATS_TOKEN=$(cat ${tokenFile}) nats -s ${natsUrl}${sentinel} --inbox-prefix ${decision?.inboxPrefix ?? '_INBOX'} ${action}`
  const reader = firstWith(identities, readable)
  const writer = firstWith(identities, writable)
  return [
    ...(reader === undefined ? [] : [line(reader.identity, `sub '${reader.subject}'`)]),
    ...(writer === undefined ? [] : [line(writer.identity, `pub '${writer.subject}' hello`)]),
  ]
}

/** For an ES module with the `nats` package. The token is read at each connect, because it is replaced before it ends. */
export function nodeSnippet({ tokenFile, decision }: Identity, { natsUrl, sentinelFile }: Access): readonly string[] {
  const imports = sentinelFile === undefined ? '' : ', credsAuthenticator'
  const token = `tokenAuthenticator(() => readFileSync('${tokenFile}', 'utf8'))`
  const authenticator =
    sentinelFile === undefined ? token : `[${token}, credsAuthenticator(readFileSync('${sentinelFile}'))]`
  return [
    `import { readFileSync } from 'node:fs'`,
    `import { connect, tokenAuthenticator${imports} } from 'nats'`,
    `const nc = await connect({`,
    `  servers: '${natsUrl}',`,
    `  inboxPrefix: '${decision?.inboxPrefix ?? '_INBOX'}',`,
    `  authenticator: ${authenticator},`,
    `  maxReconnectAttempts: -1,`,
    `  ignoreAuthErrorAbort: true, // nobody there to answer looks like a refusal`,
    `})`,
  ]
}

interface Usable {
  readonly identity: Identity
  readonly subject: string
}

function firstWith(
  identities: readonly Identity[],
  subjectOf: (decision: Allowed) => string | undefined,
): Usable | undefined {
  for (const identity of identities) {
    const subject = identity.decision && subjectOf(identity.decision)
    if (subject !== undefined) return { identity, subject }
  }
  return undefined
}

/** Any subscription without a queue, beside the own inbox. */
function readable({ permissions, inboxPrefix }: Allowed): string | undefined {
  return permissions.filtering.sub.allow.find((entry) => !entry.includes(' ') && !entry.startsWith(`${inboxPrefix}.`))
}

function writable({ permissions }: Allowed): string | undefined {
  return permissions.filtering.pub.allow.find((subject) => !/[*>]/.test(subject))
}
