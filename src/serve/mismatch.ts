/**
 * Whether every server that this replica is connected to asks for another issuer, or for no box, than it was given keys for: then no
 * answer of it can let anybody in. Proven, never guessed: by a request with the server's own signature, which nobody else who may
 * publish in the callout account can make, new or recorded. For config mode alone, where a server process asks for one issuer for life.
 */
import { createEnvelopeOpener, type Envelope, type OpenEnvelope } from '../wire/envelope.ts'
import { readClaims } from '../wire/claims.ts'
import { createPatience } from '../wire/patience.ts'
import { createServerClocks } from '../wire/server-clock.ts'
import type { BoxKey } from '../nkey/index.ts'
import type { RefusalCode } from '../policy/refusal.ts'

export interface MismatchParts {
  boxKeys(): readonly BoxKey[]
  /** Public keys of the servers that connections are up to. */
  servers(): readonly string[]
}

/** A box that does not open proves nothing: whoever may publish can make one. */
export type ProvenMismatch = Extract<RefusalCode, 'ENVELOPE_SUBJECT' | 'ENVELOPE_PLAINTEXT'>

export interface Mismatch {
  /** The same opener, of whose requests this learns; those of the self-test go past it. */
  watching(open: OpenEnvelope): OpenEnvelope
  /** Our keys are others now. */
  forget(): void
  proven(): ProvenMismatch | undefined
}

/** A signature is looked at no more often than this, whoever sends what. */
const LOOK_MS = 100

export function createMismatch({ boxKeys, servers }: MismatchParts): Mismatch {
  const proofs = new Map<string, ProvenMismatch>()
  let isOfUse = false
  let lookedAt = -Infinity

  function refused(code: RefusalCode, envelope: Envelope, now: number): void {
    if (isOfUse || !isProvable(code) || Math.abs(now - lookedAt) < LOOK_MS) return
    lookedAt = now
    const server = signerOf(code, envelope, now, boxKeys)
    const connected = servers()
    for (const known of proofs.keys()) if (!connected.includes(known)) proofs.delete(known)
    if (server !== undefined && connected.includes(server)) proofs.set(server, code)
  }

  return {
    watching: (open) => (envelope, now) => {
      const opened = open(envelope, now)
      // From the first one on this replica is of use to somebody, whatever else comes.
      if (opened.ok) isOfUse = true
      else refused(opened.error, envelope, now)
      return opened
    },
    forget() {
      isOfUse = false
      proofs.clear()
    },
    proven() {
      if (isOfUse) return undefined
      const codes = servers().map((server) => proofs.get(server))
      return codes.includes(undefined) ? undefined : codes[0]
    },
  }
}

function isProvable(code: RefusalCode): code is ProvenMismatch {
  return code === 'ENVELOPE_SUBJECT' || code === 'ENVELOPE_PLAINTEXT'
}

/** @returns the server whose signature the request bears. Nothing is kept from one to the next: a box must not stand for a signature here. */
function signerOf(
  code: ProvenMismatch,
  envelope: Envelope,
  now: number,
  boxKeys: MismatchParts['boxKeys'],
): string | undefined {
  const open = createEnvelopeOpener({
    boxKeys: code === 'ENVELOPE_PLAINTEXT' ? () => [] : boxKeys,
    isOurs: () => true,
    clocks: createServerClocks(1),
    patience: createPatience(1),
  })
  const opened = open(envelope, now)
  if (!opened.ok) return undefined
  // What came out of a box says so itself: somebody took it out to send it plain.
  if (code === 'ENVELOPE_PLAINTEXT' && namesXkey(envelope.payload)) return undefined
  return opened.value.login.server.id
}

/** @param token that was opened before. */
function namesXkey(token: Uint8Array): boolean {
  const [, claims = ''] = Buffer.from(token).toString('latin1').split('.')
  const read = readClaims(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')))
  return !read.ok || read.value.serverXkey !== undefined
}
