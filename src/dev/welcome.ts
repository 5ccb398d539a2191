/** Makes token files for everybody whom the policy names, and says how to connect with them. */
import { join, relative } from 'node:path'
import { requestPrincipal, workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import { createDecide } from '../policy/decide.ts'
import { sha256Hex } from '../serve/sha256.ts'
import { identityTable, natsCommands, nodeSnippet, type Identity } from './how-to-connect.ts'
import type { Output } from './output.ts'
import { namesIn } from './policy-names.ts'
import { GROUPS_CLAIM, type RunningDev } from './start-dev.ts'
import { keepTokenFiles, type TokenFile, type TokenFiles } from './token-files.ts'

const TOKEN_SECONDS = 3600

interface Person extends TokenFile {
  readonly name: string
  readonly about: string
  readonly principal: Principal
}

/** @returns the token files, which are kept fresh until stopped. */
export async function welcome(dev: RunningDev, output: Output): Promise<TokenFiles> {
  const people = peopleOf(dev)
  const tokens = await keepTokenFiles(people, TOKEN_SECONDS)
  const identities = people.map((person) => identityOf(person, dev))
  const access = { natsUrl: dev.natsUrl, sentinelFile: sentinelFile(dev) }
  const { line, paint } = output
  line(`${paint('nats-server', 'strong')} ${dev.serverVersion} at ${paint(dev.natsUrl, 'strong')}, the bridge is ready`)
  line(`${paint('policy', 'strong')}       ${nearest(dev.policyFolder)}`)
  line(`${paint('tokens', 'strong')}       ${tokenFolder(dev)}/<who>.token, always fresh`)
  line(`${paint('health', 'strong')}       http://127.0.0.1:${dev.bridge.adminPort ?? 0}/readyz, /metrics`)
  line()
  for (const row of identityTable(identities)) line(row)
  line()
  line(paint('With the nats command', 'strong'))
  for (const command of natsCommands(identities, access)) line(`  ${command}`)
  const example = identities.find(({ decision }) => decision !== undefined)
  if (example !== undefined) {
    line(paint(`In Node with the nats package, as ${example.name}`, 'strong'))
    for (const row of nodeSnippet(example, access)) line(`  ${row}`)
  }
  line()
  line('Edit the policy: it is in force at once, for connections made from then on. New accounts need a restart.')
  line('Ctrl-C stops everything. Logins appear below.')
  line()
  return tokens
}

function peopleOf(dev: RunningDev): readonly Person[] {
  const { audience, trustDomain } = dev
  const request = { audience, ttlSeconds: TOKEN_SECONDS }
  const file = (name: string): string => `${join(tokenFolder(dev), name)}.token`
  const snapshot = dev.bridge.currentSnapshot()
  const { serviceAccounts, groups } = snapshot === undefined ? { serviceAccounts: [], groups: [] } : namesIn(snapshot)
  return [
    ...serviceAccounts.flatMap(({ namespace, name }): Person[] => {
      const id = parseSpiffeId(`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`)
      if (!id.ok) return []
      const mint = (): Promise<string> => dev.cluster.serviceAccountToken({ namespace, name, ...request })
      const principal = workloadPrincipal(id.value)
      const who = `${namespace}/${name}`
      return [{ name: who, about: 'ServiceAccount', principal, path: file(who), mint }]
    }),
    ...groups.map((group, index): Person => {
      const subject = `person-${index + 1}`
      const who = `people/${index + 1}`
      const claims = { [GROUPS_CLAIM]: [group] }
      const { issuer } = dev.identityProvider
      return {
        name: who,
        about: `OIDC, group ${group}`,
        principal: requestPrincipal({ issuer, subject, claims: { ...claims, iss: issuer, sub: subject } }, [group]),
        path: file(who),
        mint: () => dev.identityProvider.userToken({ subject, claims, ...request }),
      }
    }),
  ]
}

function identityOf({ name, about, principal, path }: Person, { bridge }: RunningDev): Identity {
  const snapshot = bridge.currentSnapshot()
  const decision = snapshot && createDecide(sha256Hex)(snapshot, principal)
  return { name, about, tokenFile: path, decision: decision?.effect === 'allow' ? decision : undefined }
}

function tokenFolder({ folder }: RunningDev): string {
  return join(folder.path, 'tokens')
}

function sentinelFile({ deployment, folder }: RunningDev): string | undefined {
  if (deployment.mode === 'config' || deployment.sentinel.assumedByServer) return undefined
  return join(folder.path, deployment.sentinel.file)
}

function nearest(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.startsWith('..') ? path : fromHere
}
