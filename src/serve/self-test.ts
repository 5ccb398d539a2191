/**
 * Proves a whole decision in process: a request as a server would send it goes through the codec, the policy and the keys,
 * and the answer must verify. Nothing of it reaches NATS. Readiness asks for it; a bridge that would fail every login is never ready.
 */
import { randomBytes } from 'node:crypto'
import { createAuthorize, type AuthorizePorts, type AuthorizeSettings } from '../callout/authorize.ts'
import { writeAnswer } from '../callout/answer.ts'
import type { SigningKeys } from '../callout/ports.ts'
import type { Principal } from '../identity/principal.ts'
import { signToken, type TokenSigner } from '../issue/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createBoxKey, createSigningKey, parseBoxKey, parseSigner, parseVerifier, type BoxKey } from '../nkey/index.ts'
import type { OpenEnvelope } from '../wire/envelope.ts'

export interface SelfTestParts {
  readonly open: OpenEnvelope
  readonly boxKeys: () => readonly BoxKey[]
  readonly settings: AuthorizeSettings
  readonly ports: Omit<AuthorizePorts, 'authenticate'>
  readonly keys: SigningKeys
  /** What a server would write into `sub`, now. */
  readonly addressee: () => string | undefined
  /** Stands in for the verified caller. */
  readonly probe: Principal
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** @returns a test to run now and again; its failure is a reason fit for an operator. */
export function createSelfTest(parts: SelfTestParts): (now: number) => Result<void, string> {
  const server = mustParse(parseSigner(createSigningKey('N').seed, 'N'))
  const curve = mustParse(parseBoxKey(createBoxKey().seed))
  const authorize = createAuthorize(parts.settings, {
    ...parts.ports,
    authenticate: (_token, now) =>
      ok({
        principal: parts.probe,
        kind: 'service-account-token',
        issuer: 'self-test',
        expiresAt: Math.floor(now / 1000) + parts.settings.sessions.minimumSeconds,
        facts: {},
      }),
  })

  return (now) => {
    const addressee = parts.addressee()
    if (addressee === undefined) return err('no callout key is loaded')
    const ours = parts.boxKeys()[0]
    const token = requestToken(server, addressee, ours === undefined ? undefined : curve.publicKey, now)
    const opened = parts.open(
      {
        payload: ours === undefined ? token : (curve.boxWith(ours.publicKey)?.seal(token) ?? token),
        xkeyHeader: curve.publicKey,
        replySubject: '$SYS._INBOX.self.test',
        arrivedAt: now,
      },
      now,
    )
    if (!opened.ok) return err(`the codec refuses a good request: ${opened.error}`)
    const outcome = authorize(opened.value.login, now)
    if (outcome instanceof Promise) return err('the decision did not come at once')
    if (outcome.effect === 'deny' && outcome.code === 'POLICY_UNAVAILABLE')
      return err('no policy snapshot has been compiled yet')
    const answer = writeAnswer(opened.value.login, outcome, 'self-test', now, parts.keys)
    if (!answer.ok) return err(`no key signs the answer: ${answer.error}`)
    return verifyAnswer(answer.value, parts, addressee)
  }
}

function verifyAnswer(answer: string, { keys, settings }: SelfTestParts, addressee: string): Result<void, string> {
  const cut = answer.lastIndexOf('.')
  const signed = Buffer.from(answer.slice(0, cut))
  const response = keys.forResponse(addressee)
  const verifier = response && parseVerifier(response.signer.publicKey, 'A')
  if (verifier?.ok !== true || !verifier.value.verify(signed, Buffer.from(answer.slice(cut + 1), 'base64url'))) {
    return err('the answer does not verify with our own public key')
  }
  for (const account of settings.accounts) {
    if (keys.forAccount(account, addressee) === undefined) return err(`no signing key for account ${account}`)
  }
  return ok(undefined)
}

function requestToken(server: TokenSigner, addressee: string, xkey: string | undefined, now: number): Buffer {
  const iat = Math.floor(now / 1000)
  const claims = {
    aud: 'nats-authorization-request',
    exp: iat + 2,
    iat,
    iss: server.publicKey,
    sub: addressee,
    nats: {
      server_id: { name: 'self-test', host: '', id: server.publicKey, version: '2.15.1', xkey },
      user_nkey: `U${Array.from(randomBytes(55), (byte) => BASE32[byte % 32]).join('')}`,
      // Rises with time, as the numbers of a server's connections do.
      client_info: { host: '', id: now, kind: 'Client', type: 'nats' },
      connect_opts: { auth_token: 'self-test', protocol: 1 },
      type: 'authorization_request',
      version: 2,
    },
  }
  return Buffer.from(signToken(JSON.stringify(claims), server))
}

function mustParse<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error)
  return result.value
}
