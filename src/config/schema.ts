/**
 * The shape of `bridge.yaml`, one schema for each mode of nats-server. Pure.
 * Types and single values are judged here, what goes across fields in `checks.ts`. The descriptions become the table in
 * docs/configuration.md.
 */
import { z } from 'zod'
import { accountName, API_VERSION, trustDomainName } from './document.ts'
import { issuer } from './issuer-schema.ts'
import { credentials, natsServers, natsTls } from './nats-schema.ts'
import { admin, questions } from './questions-schema.ts'
import { accountKey, filePath, jitter, label, milliseconds, queueGroup, seconds } from './values.ts'

/** Two during a rotation; the rest is room for a rotation that overtakes another. */
const MAX_KEYS = 4

const seedFile = z.strictObject({
  seedFile: filePath.meta({ description: 'file with a seed, or during a rotation with two, one on each line' }),
})
const seedFiles = z.array(seedFile).min(1).max(MAX_KEYS)

const nats = z.strictObject({
  servers: natsServers,
  connections: z.int().min(1).max(64).prefault(16).meta({
    description:
      'service connections; a server handles the replies of one connection one by one, and in a storm each waits its turn',
  }),
  queueGroup: queueGroup.prefault('nib').meta({ description: 'queue group that all replicas share' }),
  credentials: credentials.meta({
    description: 'how the bridge logs in: exactly one of user and password, creds file, nkey seed',
  }),
  tls: natsTls.optional().meta({ description: 'TLS to the servers' }),
})

const clientType = z.enum(['nats', 'websocket', 'mqtt', 'leafnode'])

const calloutOfEither = {
  systemAccount: accountName.prefault('SYS').meta({
    description: 'name of the system account (operator mode: or its public key); nobody is ever placed in it',
  }),
  deadline: milliseconds('100ms', '1m').prefault('10s').meta({
    bounds: '100ms to 1m',
    description:
      'longest time a login is held; half a second less than the server’s `authorization.timeout` counts when it is shorter',
  }),
  maxPending: z.int().min(1).max(1_000_000).prefault(32_768).meta({
    description: 'logins held at once; beyond them new ones are shed',
  }),
  clients: z
    .strictObject({
      types: z
        .array(clientType)
        .min(1)
        .meta({ description: 'kinds of connection that may log in; default `[nats, websocket]`' }),
    })
    .optional()
    .meta({ description: 'who may log in at all' }),
  xkey: seedFiles.optional().meta({
    description: 'curve keys; present: requests and answers are sealed, plain ones refused. Two during a rotation',
  }),
}

const configCallout = z.strictObject({
  mode: z
    .literal('config')
    .meta({ description: 'accounts are in the server’s configuration file (`config`) or in JWTs (`operator`)' }),
  account: accountName.meta({ description: 'name of the account that `auth_callout` names' }),
  issuer: seedFiles.meta({
    description: 'account key whose public half is the server’s `auth_callout.issuer`. Two during a rotation',
  }),
  ...calloutOfEither,
})

const operatorCallout = z.strictObject({
  mode: z
    .literal('operator')
    .meta({ description: 'accounts are in the server’s configuration file (`config`) or in JWTs (`operator`)' }),
  account: accountKey.meta({ description: 'public key of the account that has the `authorization` block' }),
  accountJwtFile: filePath.exactOptional().meta({
    description: 'its JWT; allowed accounts, xkey and signing keys are checked against it',
  }),
  response: seedFiles.meta({
    description: 'key of the callout account, or one of its signing keys; the first signs the answers',
  }),
  ...calloutOfEither,
})

const configAccount = z.strictObject({
  name: accountName.meta({ description: 'name of an account that clients may be placed in' }),
})

const operatorAccount = z.strictObject({
  name: label.meta({ description: 'name that policies use for the account' }),
  publicKey: accountKey.meta({ description: 'public key of the account' }),
  jwtFile: filePath.exactOptional().meta({
    description:
      'its JWT, to tell plain signing keys from scoped ones; not needed when the account signs with its own key',
  }),
  signingKeys: seedFiles.meta({ description: 'signing keys without a scope; the first signs, the others stay valid' }),
})

export const sessions = z.strictObject({
  ttl: seconds('1s', '720h')
    .prefault('1h')
    .meta({ bounds: '1s to 720h', description: 'longest session; it never outlives the credential' }),
  minimumTtl: seconds('1s', '1h')
    .prefault('30s')
    .meta({ bounds: '1s to 1h', description: 'a credential that ends sooner is refused' }),
  jitter: jitter.prefault('10%').meta({
    bounds: '0% to 50%',
    description: 'share of the session that chance takes off, so that not all end at once',
  }),
})

export const log = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .prefault('info')
    .meta({ description: 'least severity that is logged' }),
})

export const audit = z.strictObject({
  stdout: z.boolean().prefault(true).meta({ description: 'write each decision record to standard output' }),
})

const kubernetes = z.strictObject({
  kubeconfigFile: filePath
    .exactOptional()
    .meta({ description: 'how to reach the API server; default: the ServiceAccount of the pod' }),
  context: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ description: 'context of the kubeconfig; default: its current one' }),
  status: z
    .boolean()
    .prefault(true)
    .meta({ description: 'write into the status of our objects whether they compile and are in force' }),
})

const sectionsOfEither = {
  identity: z
    .strictObject({
      trustDomain: trustDomainName
        .prefault('cluster.local')
        .meta({ description: 'SPIFFE trust domain of this cluster' }),
      trustDomainAliases: z
        .array(trustDomainName)
        .prefault([])
        .meta({ description: 'other names that the trust domain has, or had' }),
      issuers: z
        .array(issuer)
        .min(1)
        .meta({ description: 'whose tokens are taken; `iss` must be one of them, byte for byte' }),
    })
    .meta({ description: 'who is who' }),
  policy: z
    .strictObject({
      folders: z.array(filePath).min(1).optional().meta({
        description:
          'folders (all `*.yaml`, `*.yml` and `*.json` below) or files with policy documents; needed unless `kubernetes` is given',
      }),
      kubernetes: kubernetes.optional().meta({
        description:
          'the objects of a cluster are policy too, together with those of the folders as one; `{}` for the cluster of the pod',
      }),
      rootNamespace: z
        .string()
        .min(1)
        .prefault('istio-system')
        .meta({ description: 'namespace whose AuthorizationPolicies rule the whole mesh (Istio’s `rootNamespace`)' }),
    })
    .meta({ description: 'where the policy is' }),
  sessions: sessions.optional().meta({ description: 'how long a login lasts' }),
  admin: admin.optional().meta({ description: 'HTTP for operators' }),
  questions: questions.optional().meta({ description: 'questions about the policy, beside those over HTTP' }),
  log: log.optional().meta({ description: 'the log, JSON lines on standard output' }),
  audit: audit.optional().meta({ description: 'decision records' }),
}

const head = {
  apiVersion: z.literal(API_VERSION).meta({ description: 'version of this format' }),
  kind: z.literal('BridgeConfig').meta({ description: 'this kind of document' }),
  nats: nats.meta({ description: 'the bridge’s own connections' }),
}

export const configModeSchema = z.strictObject({
  ...head,
  callout: configCallout.meta({ description: 'the answering of `auth_callout`' }),
  accounts: z
    .array(configAccount)
    .min(1)
    .meta({ description: 'accounts that clients may be placed in, whatever the policy says' }),
  ...sectionsOfEither,
})

export const operatorModeSchema = z.strictObject({
  ...head,
  callout: operatorCallout.meta({ description: 'the answering of `auth_callout`' }),
  accounts: z
    .array(operatorAccount)
    .min(1)
    .meta({ description: 'accounts that clients may be placed in, whatever the policy says' }),
  ...sectionsOfEither,
})

/** For a document that does not say which mode it is for: what depends on the mode is not judged. */
export const undeclaredModeSchema = z.strictObject({
  ...head,
  callout: z.looseObject({ mode: z.enum(['config', 'operator']) }),
  accounts: z.array(z.looseObject({})).min(1),
  ...sectionsOfEither,
})

export type ConfigModeFile = z.output<typeof configModeSchema>
export type OperatorModeFile = z.output<typeof operatorModeSchema>
