/** Turns a draft towards one rule of one policy: gives it values that the rule names, or nearly. Pure. */
import { addressNear, canBeProxied, isSix } from './addresses.ts'
import type { Json, Operation, Rule, Source, When } from './case.ts'
import { drawClaims, setClaim, type Draft } from './draft.ts'
import { drawPeer } from './draw-policies.ts'
import { fill, fillPath } from './near-text.ts'
import type { Random } from './random.ts'
import * as words from './vocabulary.ts'

const SPIFFE = 'spiffe://'
const HIT = 0.85
const HIT_NOT = 0.3

export function aimAt(random: Random, draft: Draft, rule: Rule, policyNamespace: string): void {
  const aim = (values: readonly string[] | undefined, probability: number, set: (value: string) => void): void => {
    if (values === undefined || values.length === 0 || !random.chance(probability)) return
    try {
      set(random.pick(values))
    } catch (problem) {
      // What is no address, in a policy that nobody validated, cannot be aimed at.
      if (!(problem instanceof SyntaxError || problem instanceof RangeError)) throw problem
    }
  }
  const source: Source = rule.from === undefined ? {} : (anyOf(random, rule.from)?.source ?? {})
  const operation: Operation = rule.to === undefined ? {} : (anyOf(random, rule.to)?.operation ?? {})
  const lists = { ...source, ...operation }
  for (const field of Object.keys(AIMS) as Field[]) {
    const not = `not${field.charAt(0).toUpperCase()}${field.slice(1)}` as keyof typeof lists
    aim(lists[not], HIT_NOT, (value) => AIMS[field](random, draft, value, policyNamespace))
    aim(lists[field], HIT, (value) => AIMS[field](random, draft, value, policyNamespace))
  }
  for (const when of rule.when ?? []) {
    aim(when.notValues, HIT_NOT, (value) => aimAtKey(random, draft, when, value, policyNamespace))
    aim(when.values, HIT, (value) => aimAtKey(random, draft, when, value, policyNamespace))
  }
}

function anyOf<T>(random: Random, values: readonly T[]): T | undefined {
  return values.length === 0 ? undefined : random.pick(values)
}

type Field = Exclude<keyof Source | keyof Operation, `not${string}`>
type Aim = (random: Random, draft: Draft, value: string, policyNamespace: string) => void

const AIMS: Readonly<Record<Field, Aim>> = {
  principals: (random, draft, value) => {
    const peer = fill(random, value.startsWith(SPIFFE) && random.chance(0.7) ? value.slice(SPIFFE.length) : value)
    const [, ...rest] = peer.split('/')
    draft.peer = random.chance(0.35) && rest.length > 0 ? [random.pick(words.TRUST_DOMAINS), ...rest].join('/') : peer
  },
  namespaces: (random, draft, value) => {
    const namespace = value.replaceAll('*', () => random.pick(['', 'x', 'oo', 'a/b', '*']))
    draft.peer = `${random.pick(words.TRUST_DOMAINS)}/ns/${namespace}/sa/${random.pick(words.ACCOUNTS)}`
  },
  serviceAccounts: (random, draft, value, policyNamespace) => {
    const [first = '', second] = value.split('/')
    const [namespace, name] = second === undefined ? [policyNamespace, first] : [first, second]
    const between = random.pick(['', '', '', 'x/'])
    const behind = random.pick(['', '', '', '/x', 'x', '/'])
    draft.peer = `${random.pick(words.TRUST_DOMAINS)}/ns/${namespace}/${between}sa/${name}${behind}`
  },
  trustDomains: (random, draft, value) => {
    const [, ...rest] = (draft.peer ?? drawPeer(random)).split('/')
    draft.peer = [fill(random, value), ...rest].join('/')
  },
  requestPrincipals: (random, draft, value) => {
    const cut = value.lastIndexOf('/')
    const issuer = cut < 0 ? value : value.slice(0, cut)
    const subject = cut < 0 ? (value.startsWith('*') && value !== '*' ? value : '*') : value.slice(cut + 1)
    const literal = issuer.replaceAll('*', '')
    const near = words.ISSUERS.filter(
      (known) => known === issuer || known.startsWith(literal) || known.endsWith(literal),
    )
    const exact = cut < 0 && !value.includes('*')
    draft.claims = {
      ...(draft.claims ?? drawClaims(random)),
      iss: random.pick(near.length > 0 && random.chance(0.9) ? near : words.ISSUERS),
      sub: exact && random.chance(0.7) ? '' : fill(random, subject),
    }
    if (random.chance(0.06)) delete draft.claims['sub']
  },
  ipBlocks: (random, draft, value) => {
    const address = addressNear(value, random)
    // Only these are this machine's, and the ends of the block cannot be connected from.
    if (/^127\.(?!0\.0\.0$|255\.255\.255$)/.test(address)) draft.sourceIp = address
    else if (value.startsWith('::')) draft.sourceIp = '::1'
  },
  remoteIpBlocks: (random, draft, value) => void (draft.remoteIp = addressNear(value, random)),
  hosts: (random, draft, value) => {
    const host = fill(random, value)
    draft.host = random.chance(0.3)
      ? random.pick([`${host}:80`, `${host}:8080`, `${host}.`, host.toUpperCase(), `x${host}`])
      : host
  },
  ports: (_random, draft, value) => {
    const port = Number(value)
    if (port >= 0 && port <= 65_535) draft.destPort = Math.floor(port)
  },
  methods: (random, draft, value) => void (draft.method = fill(random, value)),
  paths: (random, draft, value) => void (draft.path = fillPath(random, value)),
}

function aimAtKey(
  random: Random,
  draft: Draft,
  { key = '' }: Partial<When>,
  value: string,
  policyNamespace: string,
): void {
  const inBrackets = /\[(.*)\]$/.exec(key)?.[1] ?? ''
  if (key.startsWith('request.headers[')) {
    if (/^(?::authority|host)$/i.test(inBrackets)) return AIMS.hosts(random, draft, value, policyNamespace)
    if (inBrackets === ':method') return AIMS.methods(random, draft, value, policyNamespace)
    if (inBrackets === ':path') return AIMS.paths(random, draft, value, policyNamespace)
    const name = random.chance(0.3) ? inBrackets.toUpperCase() : inBrackets
    if (random.chance(0.6))
      draft.headers = draft.headers.filter(([other]) => other.toLowerCase() !== inBrackets.toLowerCase())
    draft.headers.splice(random.below(draft.headers.length + 1), 0, [name, fill(random, value)])
    return undefined
  }
  if (key.startsWith('request.auth.claims[')) {
    draft.claims ??= drawClaims(random)
    const claim = fill(random, value)
    if ((inBrackets === 'scope' || inBrackets === 'permission') && random.chance(0.6)) {
      setClaim(draft.claims, inBrackets, random.pick([`${claim} x`, `x ${claim}`, `x  ${claim} y`]))
      return undefined
    }
    const inList = [random.pick(words.CLAIM_VALUES), claim]
    setClaim(
      draft.claims,
      inBrackets,
      random.pick<Json>([claim, claim, inList, [claim], [inList], `${claim} x`, { [claim]: claim }]),
    )
    return undefined
  }
  switch (key) {
    case 'source.ip':
      return AIMS.ipBlocks(random, draft, value, policyNamespace)
    case 'remote.ip':
      return AIMS.remoteIpBlocks(random, draft, value, policyNamespace)
    case 'source.namespace':
      return AIMS.namespaces(random, draft, value, policyNamespace)
    case 'source.serviceAccount':
      return AIMS.serviceAccounts(random, draft, value, policyNamespace)
    case 'source.principal':
      return AIMS.principals(random, draft, value, policyNamespace)
    case 'source.trustDomain':
      return AIMS.trustDomains(random, draft, value, policyNamespace)
    case 'request.auth.principal':
      return AIMS.requestPrincipals(random, draft, value, policyNamespace)
    case 'request.auth.audiences':
    case 'request.auth.presenter': {
      draft.claims ??= drawClaims(random)
      const one = fill(random, value)
      draft.claims[key.endsWith('audiences') ? 'aud' : 'azp'] = random.pick<Json>([
        one,
        [one],
        ['other', one],
        `x ${one}`,
      ])
      return undefined
    }
    case 'destination.ip':
      draft.destIp = placeFor(addressNear(value, random), draft.destIp)
      return undefined
    case 'destination.port':
      return AIMS.ports(random, draft, value, policyNamespace)
    case 'connection.sni':
      draft.peer ??= drawPeer(random)
      draft.sni = fill(random, value)
      return undefined
    default:
      return undefined
  }
}

function placeFor(wanted: string, otherwise: string): string {
  return canBeProxied(wanted, isSix(wanted)) ? wanted : otherwise
}

/** A text that the pattern matches, or nearly. */
