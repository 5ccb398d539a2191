/** Makes token files for everybody whom the policy names, and says how to connect with them. */
import { join } from 'node:path'
import { requestPrincipal, workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import { createDecide } from '../policy/decide.ts'
import { sha256Hex } from '../serve/sha256.ts'
import { identityTable, natsCommand, nodeSnippet, type Identity } from './how-to-connect.ts'
import type { Output } from './output.ts'
import { namesIn } from './policy-names.ts'
import { GROUPS_CLAIM, type RunningDev } from './start-dev.ts'
import { keepTokenFiles, type TokenFile, type TokenFiles } from './token-files.ts'

const TOKEN_SECONDS = 3600

interface Person extends TokenFile {
  readonly name: string
  readonly principal: Principal
}

/** @returns the token files, which are kept fresh until stopped. */
export async function welcome(dev: RunningDev, output: Output): Promise<TokenFiles> {
  const people = peopleOf(dev)
  const tokens = await keepTokenFiles(people, TOKEN_SECONDS)
  const identities = people.map((person) => identityOf(person, dev))
  const access = { natsUrl: dev.natsUrl, sentinelFile: sentinelFile(dev) }
  const { line, paint } = output
  line(
    `nats-server ${dev.serverVersion} at ${paint(dev.natsUrl, 'strong')}, bridge ready, policy in ${dev.policyFolder}`,
  )
  line(`everything of this run is in ${dev.folder.path}`)
  line()
  for (const row of identityTable(identities)) line(row)
  const example = identities.find(({ account }) => account !== undefined)
  if (example !== undefined) {
    line()
    line(paint(`With the nats command, as ${example.name}`, 'strong'))
    line(`  ${natsCommand(example, access)} sub '>'`)
    line(paint('In Node, with the nats package', 'strong'))
    for (const row of nodeSnippet(example, access)) line(`  ${row}`)
  }
  line()
  line('Edit the policy and it is in force at once; connections keep what they had until they connect again.')
  line(`Health and metrics: http://127.0.0.1:${dev.bridge.adminPort ?? 0}/readyz and /metrics`)
  line(paint('Ctrl-C stops everything. Logins appear below.', 'dim'))
  line()
  return tokens
}

function peopleOf(dev: RunningDev): readonly Person[] {
  const { audience, trustDomain } = dev
  const request = { audience, ttlSeconds: TOKEN_SECONDS }
  const file = (...parts: readonly string[]): string => `${join(dev.folder.path, 'tokens', ...parts)}.token`
  const snapshot = dev.bridge.currentSnapshot()
  const { serviceAccounts, groups } = snapshot === undefined ? { serviceAccounts: [], groups: [] } : namesIn(snapshot)
  return [
    ...serviceAccounts.flatMap(({ namespace, name }): Person[] => {
      const id = parseSpiffeId(`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`)
      if (!id.ok) return []
      const mint = (): Promise<string> => dev.cluster.serviceAccountToken({ namespace, name, ...request })
      const principal = workloadPrincipal(id.value)
      return [{ name: `${namespace}/${name}`, principal, path: file(namespace, name), mint }]
    }),
    ...groups.map((group, index): Person => {
      const subject = `person-${index + 1}`
      const claims = { [GROUPS_CLAIM]: [group] }
      const { issuer } = dev.identityProvider
      return {
        name: `${subject} (group ${group})`,
        principal: requestPrincipal({ issuer, subject, claims: { ...claims, iss: issuer, sub: subject } }, [group]),
        path: file('people', subject),
        mint: () => dev.identityProvider.userToken({ subject, claims, ...request }),
      }
    }),
  ]
}

function identityOf({ name, principal, path }: Person, { bridge }: RunningDev): Identity {
  const snapshot = bridge.currentSnapshot()
  const decision = snapshot && createDecide(sha256Hex)(snapshot, principal)
  const known = decision?.effect === 'allow' ? decision : undefined
  return { name, tokenFile: path, account: known?.account, inboxPrefix: known?.inboxPrefix }
}

function sentinelFile({ deployment, folder }: RunningDev): string | undefined {
  if (deployment.mode === 'config' || deployment.sentinel.assumedByServer) return undefined
  return join(folder.path, deployment.sentinel.file)
}
