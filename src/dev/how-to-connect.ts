/** What to paste to be a workload of the stand-in cluster: with the `nats` command, or from Node. Pure. */
import { table } from '../lib/table.ts'

export interface Identity {
  /** `shop/orders`, or a group of people. */
  readonly name: string
  readonly tokenFile: string
  /** Absent when the policy does not let it in. */
  readonly account: string | undefined
  readonly inboxPrefix: string | undefined
}

/** Beside its token, where the server does not assume it by itself. */
export interface Access {
  readonly natsUrl: string
  readonly sentinelFile: string | undefined
}

export function identityTable(identities: readonly Identity[]): readonly string[] {
  const rows = identities.map(({ name, account, inboxPrefix, tokenFile }) => [
    name,
    account ?? 'not let in',
    inboxPrefix ?? '',
    tokenFile,
  ])
  return table(['WHO', 'ACCOUNT', 'INBOX PREFIX', 'TOKEN FILE'], rows, { indent: 2 })
}

export function natsCommand({ tokenFile, inboxPrefix }: Identity, { natsUrl, sentinelFile }: Access): string {
  const inbox = inboxPrefix === undefined ? '' : ` --inbox-prefix ${inboxPrefix}`
  const sentinel = sentinelFile === undefined ? '' : ` --creds ${sentinelFile}`
  return `NATS_TOKEN=$(cat ${tokenFile}) nats --no-context -s ${natsUrl}${sentinel}${inbox}`
}

/** For an ES module with the `nats` package. A function reads the token at each connect, because it is replaced before it ends. */
export function nodeSnippet(
  { tokenFile, inboxPrefix }: Identity,
  { natsUrl, sentinelFile }: Access,
): readonly string[] {
  const imports = sentinelFile === undefined ? '' : ', credsAuthenticator'
  const token = `tokenAuthenticator(() => readFileSync('${tokenFile}', 'utf8'))`
  const authenticator =
    sentinelFile === undefined ? token : `[${token}, credsAuthenticator(readFileSync('${sentinelFile}'))]`
  return [
    `import { readFileSync } from 'node:fs'`,
    `import { connect, tokenAuthenticator${imports} } from 'nats'`,
    `const nc = await connect({`,
    `  servers: '${natsUrl}',`,
    ...(inboxPrefix === undefined ? [] : [`  inboxPrefix: '${inboxPrefix}',`]),
    `  authenticator: ${authenticator},`,
    `})`,
  ]
}
