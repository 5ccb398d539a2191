/** The way of a login through the bridge, without a network: the rooms that `nib serve` wires, wired for one caller at a time. */
import { AUTHN_SYSTEM, createAuthenticator } from '../src/authn/index.ts'
import { createAuthorize } from '../src/callout/authorize.ts'
import { createDecisionIds } from '../src/callout/decision-id.ts'
import { createCalloutService } from '../src/callout/service.ts'
import { compile } from '../src/compile/index.ts'
import type { Result } from '../src/lib/result.ts'
import { ok } from '../src/lib/result.ts'
import { parseBoxKey, parseSigner } from '../src/nkey/index.ts'
import { createDecide } from '../src/policy/decide.ts'
import type { Snapshot } from '../src/policy/snapshot.ts'
import { sha256Hex } from '../src/serve/sha256.ts'
import { createEnvelopeOpener, type Envelope } from '../src/wire/envelope.ts'
import { createPatience } from '../src/wire/patience.ts'
import { createServerClocks } from '../src/wire/server-clock.ts'
import { policyFiles, type PolicyFile } from './policy.ts'
import { SESSION_SECONDS, type Answer, type Reply, type ResponderSetup } from './responder-setup.ts'
import { ACCOUNT } from './world.ts'

const TRUST_DOMAIN = 'cluster.local'
const REPLY_SUBJECT = '$SYS._INBOX.bench.1'
const SILENT_LOG = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export async function createBridgeAnswer(setup: ResponderSetup): Promise<Answer> {
  const snapshot = compilePolicy(policyFiles(setup.permissions))
  const authenticator = createAuthenticator(
    [
      {
        name: 'cluster',
        kind: 'kubernetes',
        issuer: setup.token.issuer,
        audiences: [setup.token.audience],
        trustDomain: TRUST_DOMAIN,
        keys: { inline: { keys: [setup.token.jwk] } },
      },
    ],
    {
      ...AUTHN_SYSTEM,
      clock: { now: Date.now },
      log: SILENT_LOG,
      observe: { verdictRecalled: ignore, keysFetched: ignore, keyUnknown: ignore },
    },
  )
  await authenticator.start()
  authenticator.stop()

  const signer = must(parseSigner(setup.userSigner.seed, 'A'))
  const boxKeys = setup.xkeySeed === undefined ? [] : [must(parseBoxKey(setup.xkeySeed))]
  const open = createEnvelopeOpener({
    boxKeys: () => boxKeys,
    isOurs: (addressee) => addressee === signer.publicKey,
    clocks: createServerClocks(16),
    patience: createPatience(16),
  })
  const service = createCalloutService<Envelope>({
    deadlineMs: 30_000,
    maxPending: 1024,
    now: Date.now,
    defer: (callback) => callback(),
    nextDecisionId: createDecisionIds('bench'),
    open(envelope, now) {
      const opened = open(envelope, now)
      if (!opened.ok) return opened
      const { login, answerBy, box } = opened.value
      const seal = (answer: string): Uint8Array => {
        const bytes = Buffer.from(answer, 'latin1')
        return box === undefined ? bytes : box.seal(bytes)
      }
      return ok({ login, answerBy, seal })
    },
    authorize: createAuthorize(
      {
        clientTypes: ['nats'],
        accounts: [ACCOUNT],
        sessions: { ttlSeconds: SESSION_SECONDS, minimumSeconds: 30, jitter: 0.1 },
      },
      {
        authenticate: authenticator.authenticate,
        currentSnapshot: () => snapshot,
        decide: createDecide(sha256Hex),
        chance: Math.random,
      },
    ),
    keys: {
      forAccount: (account) => ({ signer, placement: { mode: 'config', account } }),
      forResponse: () => ({ signer }),
    },
    record: ignore,
    failed: (_decisionId, cause) => console.error(cause),
  })

  return (payload, xkeyHeader) => {
    const arrivedAt = Date.now()
    const envelope = { payload, xkeyHeader, replySubject: REPLY_SUBJECT, arrivedAt }
    let reply: Reply
    service.accept({ envelope, arrivedAt, longestReply: Infinity, reply: (bytes) => (reply = bytes) })
    return service.pending === 0 ? reply : service.idle().then(() => reply)
  }
}

/** @throws when the bench's own policy has a mistake. */
export function compilePolicy(files: readonly PolicyFile[]): Snapshot {
  const { snapshot, diagnostics } = compile(files, {
    trustDomains: { local: TRUST_DOMAIN, aliases: [] },
    forbiddenAccounts: ['AUTH'],
    hash: sha256Hex,
  })
  const mistakes = diagnostics.filter(({ severity }) => severity === 'error')
  if (snapshot !== undefined && mistakes.length === 0) return snapshot
  throw new Error(`the bench's policy does not compile: ${mistakes.map(({ message }) => message).join('; ')}`)
}

function must<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error)
  return result.value
}

function ignore(): void {}
