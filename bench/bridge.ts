/** The bridge as a responder process: the files a team would deploy, and `nib serve`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { Command } from './child.ts'
import { policyFiles } from './policy.ts'
import { QUEUE_GROUP, type ResponderSetup } from './responder-setup.ts'
import { ACCOUNT } from './world.ts'

const NIB = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export function prepareBridge(setup: ResponderSetup, folder: string): Command {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return name
  }
  const seeds = (name: string, seed: string): readonly object[] => [{ seedFile: write(`${name}.nk`, seed) }]
  mkdirSync(join(folder, 'policy'))
  for (const { file, text } of policyFiles(setup.permissions)) write(join('policy', file), text)

  const config = {
    apiVersion: 'nats-identity-bridge.dev/v1alpha1',
    kind: 'BridgeConfig',
    nats: {
      servers: [setup.url],
      connections: setup.connections,
      queueGroup: QUEUE_GROUP,
      credentials: credentials(setup, write),
    },
    callout: {
      ...callout(setup, write, seeds),
      ...(setup.xkeySeed === undefined ? {} : { xkey: seeds('xkey', setup.xkeySeed) }),
    },
    accounts: [account(setup, write, seeds)],
    identity: {
      trustDomain: 'cluster.local',
      issuers: [
        {
          name: 'cluster',
          kind: 'kubernetes',
          issuer: setup.token.issuer,
          audiences: [setup.token.audience],
          keys: { file: write('jwks.json', JSON.stringify({ keys: [setup.token.jwk] })) },
        },
      ],
    },
    policy: { folders: ['policy'] },
    admin: { listen: '127.0.0.1:0' },
  }
  const file = join(folder, write('bridge.yaml', stringify(config)))
  return { file: process.execPath, args: [NIB, 'serve', '-c', file] }
}

type Write = (name: string, text: string) => string
type Seeds = (name: string, seed: string) => readonly object[]

function credentials({ login }: ResponderSetup, write: Write): object {
  if ('user' in login) return { user: login.user, passwordFile: write('password', login.password) }
  const creds = [
    '-----BEGIN NATS USER JWT-----',
    login.jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    login.seed,
    '------END USER NKEY SEED------',
    '',
  ]
  return { credsFile: write('bridge.creds', creds.join('\n')) }
}

function callout({ mode, responseSigner }: ResponderSetup, write: Write, seeds: Seeds): object {
  if (mode === 'config') return { mode, account: 'AUTH', issuer: seeds('issuer', responseSigner.seed) }
  return {
    mode,
    account: responseSigner.issuerAccount,
    accountJwtFile: write('auth.jwt', responseSigner.accountJwt ?? ''),
    response: seeds('response', responseSigner.seed),
  }
}

function account({ mode, account: publicKey, userSigner }: ResponderSetup, write: Write, seeds: Seeds): object {
  if (mode === 'config') return { name: ACCOUNT }
  const jwtFile = write('account.jwt', userSigner.accountJwt ?? '')
  return { name: ACCOUNT, publicKey, jwtFile, signingKeys: seeds('account', userSigner.seed) }
}
