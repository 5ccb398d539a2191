/** Draws requests that are aimed at a policy set: values that its rules name, the ones just beside, and what is missing. Pure. */
import { addressNear, canBeProxied, isSix } from './addresses.ts'
import { aimAt } from './aim.ts'
import type { PolicySet, Request } from './case.ts'
import { drawAnything, drawClaim, setClaim, type Draft } from './draft.ts'
import { drawPeer } from './draw-policies.ts'
import { beside } from './near-text.ts'
import { rawPathOf } from './raw-path.ts'
import type { Random } from './random.ts'
import * as words from './vocabulary.ts'

const SPIFFE = 'spiffe://'

export function drawRequest(random: Random, set: PolicySet): Request {
  const draft = drawAnything(random)
  const aims = random.pick([0, 1, 1, 1, 1, 1, 1, 2])
  for (let i = 0; i < aims; i++) {
    const policy = random.pick(set.policies)
    const { rules = [] } = policy.spec
    if (rules.length > 0) aimAt(random, draft, random.pick(rules), policy.metadata.namespace)
  }
  for (let i = random.pick([0, 0, 1, 1, 2]); i > 0; i--) disturb(random, draft)
  return set.transport === 'http' ? finishHttp(random, draft) : finishTcp(draft)
}

function disturb(random: Random, draft: Draft): void {
  random.pick<() => void>([
    () => void (draft.peer = undefined),
    () => void (draft.peer = draft.peer === undefined ? drawPeer(random) : beside(random, draft.peer)),
    () => void (draft.claims = undefined),
    () => void (draft.path = beside(random, draft.path)),
    () => void (draft.path = `${draft.path}${random.pick(['/', '/x', 'x', '?a=b', '?', '#f', ';v=1'])}`),
    () => void (draft.host = beside(random, draft.host)),
    () => void (draft.host = `${draft.host}${random.pick([':80', ':8080', ':', '.'])}`),
    () => void (draft.method = beside(random, draft.method)),
    () => void (draft.destPort = Number(random.pick(words.PORTS))),
    () => void (draft.sni = draft.sni === undefined ? random.pick(words.SNIS) : undefined),
    () => void draft.headers.push([random.pick(words.HEADERS), random.pick(words.HEADER_VALUES)]),
    () => void (draft.headers = []),
    () => void (draft.remoteIp = addressNear(random.pick(words.BLOCKS), random)),
    () => draft.claims && setClaim(draft.claims, random.pick(words.CLAIM_KEYS), drawClaim(random)),
  ])()
}

function finishHttp(random: Random, draft: Draft): Request {
  const headers = draft.headers.map(([name, value]) => [name, oneLine(value)] as const)
  const six = isSix(draft.destIp)
  // Without a remoteIp, both sides have to find it out themselves.
  const unsaid = random.chance(0.15) && canBeProxied(draft.sourceIp, six)
  const apart = !unsaid && !canBeProxied(draft.remoteIp, six)
  const value = unsaid ? random.pick(ODD_FORWARDED)(draft.remoteIp) : forwardedFor(random, draft.remoteIp)
  const forwarded = apart || random.chance(unsaid ? 0.5 : 0.25) ? [['x-forwarded-for', value] as const] : []
  const { remoteIp, ...connection } = finishConnection(draft)
  const path = rawPathOf(random, draft.path)
  return {
    ...connection,
    ...(unsaid ? {} : { remoteIp }),
    method: draft.method.replaceAll(/[^A-Za-z0-9*]/g, '') || 'GET',
    path: random.chance(0.02) ? `${random.pick(['http', 'https', 'HTTP'])}://${random.pick(words.HOSTS)}${path}` : path,
    host: draft.host.replaceAll(/[^A-Za-z0-9.:*_-]/g, ''),
    headers: [...headers, ...forwarded],
    ...(draft.claims === undefined ? {} : { claims: draft.claims }),
  }
}

const ODD_FORWARDED: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => `9.9.9.9,${address}`,
  (address) => `${address}, unknown`,
  (address) => `${address}:80`,
  (address) => `${address},`,
  (address) => `[${address}]`,
]

function finishTcp(draft: Draft): Request {
  const six = isSix(draft.destIp)
  const remoteIp = canBeProxied(draft.remoteIp, six) ? draft.remoteIp : six ? '2001:db8::1' : '10.0.0.1'
  return finishConnection({ ...draft, remoteIp })
}

type Connection = Pick<Request, 'principal' | 'sni' | 'sourceIp' | 'destIp' | 'destPort'> & {
  readonly remoteIp: string
}

function finishConnection({ peer, sni, sourceIp, remoteIp, destIp, destPort }: Draft): Connection {
  const name = sni?.replaceAll(/[^A-Za-z0-9._-]/g, '').replace(/\.+$/, '') ?? ''
  const shown = peer === undefined ? {} : { principal: `${SPIFFE}${peer}` }
  return { ...shown, ...(peer === undefined || name === '' ? {} : { sni: name }), sourceIp, remoteIp, destIp, destPort }
}

function forwardedFor(random: Random, last: string): string {
  return random.pick([last, `9.9.9.9, ${last}`, `2001:db8::77,${last}`])
}

/** What one line of a header can carry. */
function oneLine(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '').trim()
}
