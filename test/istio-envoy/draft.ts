/** A request in the making, drawn without any policy in mind. Pure. */
import type { Json } from './case.ts'
import { drawPeer } from './draw-policies.ts'
import type { Random } from './random.ts'
import * as words from './vocabulary.ts'

/** A request in the making. */
export interface Draft {
  /** Without `spiffe://`. */
  peer: string | undefined
  sourceIp: string
  remoteIp: string
  destIp: string
  destPort: number
  sni: string | undefined
  method: string
  /** As a policy would name it; it is made raw at the end. */
  path: string
  host: string
  headers: [name: string, value: string][]
  claims: Record<string, Json> | undefined
}

export function drawAnything(random: Random): Draft {
  return {
    peer: random.chance(0.2) ? undefined : random.chance(0.15) ? random.pick(words.ODD_PEERS) : drawPeer(random),
    sourceIp: random.pick(['127.0.0.1', '127.0.0.1', '127.1.2.3', '127.1.2.200', '127.200.0.9', '::1']),
    remoteIp: random.pick(['10.0.0.1', '10.1.2.3', '192.168.7.8', '203.0.113.9', '2001:db8::1', '2001:db8::a']),
    destIp: random.pick(['10.0.0.1', '10.1.2.77', '192.168.7.9', '172.16.0.5', '2001:db8::1']),
    destPort: Number(random.pick(words.PORTS)),
    sni: random.chance(0.3) ? undefined : random.pick(words.SNIS),
    method: random.pick(words.METHODS),
    path: random.pick(words.PATHS),
    host: random.pick(words.HOSTS),
    headers: Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, () => [
      random.pick(words.HEADERS),
      random.pick(words.HEADER_VALUES),
    ]),
    claims: random.chance(0.35) ? undefined : drawClaims(random),
  }
}

export function drawClaims(random: Random): Record<string, Json> {
  const claims: Record<string, Json> = { iss: random.pick(words.ISSUERS) }
  if (random.chance(0.9)) claims['sub'] = random.pick(words.SUBJECTS)
  if (random.chance(0.6)) claims['aud'] = oneOrList(random, () => random.pick(words.AUDIENCES))
  if (random.chance(0.4)) claims['azp'] = oneOrList(random, () => random.pick(words.AUDIENCES))
  for (let i = random.pick([0, 1, 1, 2, 3]); i > 0; i--)
    setClaim(claims, random.pick(words.CLAIM_KEYS), drawClaim(random))
  return claims
}

export function drawClaim(random: Random): Json {
  const word = (): string => random.pick(words.CLAIM_VALUES)
  return random.chance(0.75)
    ? oneOrList(random, word)
    : random.pick<Json>([
        5,
        true,
        null,
        [],
        {},
        [5, true],
        [[word()]],
        [word(), 5],
        { x: word() },
        `${word()} ${word()}`,
      ])
}

function oneOrList(random: Random, draw: () => string): Json {
  return random.chance(0.5) ? draw() : Array.from({ length: random.pick([0, 1, 2, 3]) }, draw)
}

/** @param key as between the outer brackets of `request.auth.claims[…]`. */
export function setClaim(claims: Record<string, Json>, key: string, value: Json): void {
  const steps = key.split('][')
  const last = steps.pop()!
  // The token would be refused: these must be texts.
  if (steps.length === 0 && (last === 'iss' || (last === 'sub' && typeof value !== 'string'))) return
  let at = claims
  for (const step of steps) {
    const inner = at[step]
    const next: Record<string, Json> = isObject(inner) ? { ...inner } : {}
    at[step] = next
    at = next
  }
  at[last] = value
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
