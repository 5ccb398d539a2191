/**
 * What the types of `bridge.yaml` cannot say: fields that exclude or need each other, names that must differ. Pure.
 * Reads the document as it was written, sound or not, so that these mistakes come up together with those of type.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { issuerMistakes } from './check-issuers.ts'
import { adminMistakes } from './check-admin.ts'
import {
  describeValue,
  listChoices,
  parseDuration,
  quote,
  spellPath,
  valueAt,
  valuesAt,
  type Mistake,
  type Path,
} from './document.ts'

export function crossMistakes(document: Json): Mistake[] {
  return [
    ...otherModeMistakes(document),
    ...accountMistakes(document),
    ...CONNECTIONS.flatMap((path) => loginMistakes(document, path)),
    ...adminMistakes(document),
    ...issuerMistakes(document),
    ...sessionMistakes(document),
    ...policyMistakes(document),
    ...REPEATED.flatMap((pattern) => repeated(document, pattern)),
  ]
}

/** Lists in which nothing may stand twice. */
const REPEATED: readonly (readonly string[])[] = [
  ['nats', 'servers', '*'],
  ['questions', 'nats', 'servers', '*'],
  ['callout', 'issuer', '*', 'seedFile'],
  ['callout', 'response', '*', 'seedFile'],
  ['callout', 'xkey', '*', 'seedFile'],
  ['callout', 'clients', 'types', '*'],
  ['accounts', '*', 'name'],
  ['accounts', '*', 'publicKey'],
  ['accounts', '*', 'signingKeys', '*', 'seedFile'],
  ['identity', 'trustDomainAliases', '*'],
  ['identity', 'issuers', '*', 'name'],
  ['identity', 'issuers', '*', 'issuer'],
  ['policy', 'folders', '*'],
]

function repeated(document: Json, pattern: readonly string[]): Mistake[] {
  const seen = new Map<Json, Path>()
  return valuesAt(document, pattern).flatMap(({ path, value }) => {
    const first = seen.get(value)
    if (first === undefined) {
      seen.set(value, path)
      return []
    }
    const message = `${spellPath(path)} is ${describeValue(value)} as ${spellPath(first)} is, expected each once`
    return [{ code: 'duplicate-value', message, path }]
  })
}

const CALLOUT_FIELDS = { config: ['issuer'], operator: ['response', 'accountJwtFile'] } as const
const ACCOUNT_FIELDS = { config: [], operator: ['publicKey', 'jwtFile', 'signingKeys'] } as const

function otherModeMistakes(document: Json): Mistake[] {
  const mode = valueAt(document, ['callout', 'mode'])
  if (mode !== 'config' && mode !== 'operator') return []
  const other = mode === 'config' ? 'operator' : 'config'
  const places = [
    ...CALLOUT_FIELDS[other].map((field) => ['callout', field]),
    ...ACCOUNT_FIELDS[other].map((field) => ['accounts', '*', field]),
  ]
  return places
    .flatMap((pattern) => valuesAt(document, pattern))
    .map(({ path }) => ({
      code: 'other-mode',
      message: `${spellPath(path)} belongs to mode: ${other}, but callout.mode is ${mode}`,
      hint: `remove it, or declare callout.mode: ${other}`,
      path,
      atKey: true,
    }))
}

const NEVER_GRANTED = ['SYS', '$SYS', '$G']

function forbidden(path: Path, value: Json, whose: string): Mistake {
  return {
    code: 'account-forbidden',
    message: `${spellPath(path)} is ${describeValue(value)}, ${whose}: no client may be placed in it`,
    hint: 'remove it from accounts; clients live in accounts of their own',
    path,
  }
}

function accountMistakes(document: Json): Mistake[] {
  const callout = valueAt(document, ['callout', 'account'])
  const system = valueAt(document, ['callout', 'systemAccount']) ?? 'SYS'
  const named = [
    ...valuesAt(document, ['accounts', '*', 'name']),
    ...valuesAt(document, ['accounts', '*', 'publicKey']),
  ]
  const mistakes = named.flatMap(({ path, value }) => {
    if (value === callout) return [forbidden(path, value, 'the callout account')]
    if (value === system || NEVER_GRANTED.some((name) => name === value)) {
      return [forbidden(path, value, value === '$G' ? 'the account of everybody without one' : 'the system account')]
    }
    return []
  })
  for (const { path, value } of valuesAt(document, ['accounts', '*'])) {
    if (typeof value !== 'string') continue
    const message = `${spellPath(path)} is ${describeValue(value)}, expected an object`
    mistakes.push({ code: 'wrong-type', message, hint: `write it as {name: ${value}}`, path })
  }
  if (callout === undefined || (callout !== system && callout !== 'SYS' && callout !== '$SYS')) return mistakes
  const message = 'callout.account is the system account, expected an account of its own'
  const hint = 'make an account for the bridge alone, for instance AUTH'
  return [...mistakes, { code: 'account-forbidden', message, hint, path: ['callout', 'account'] }]
}

/** Where the bridge connects to NATS. */
const CONNECTIONS: readonly Path[] = [['nats'], ['questions', 'nats']]

function loginMistakes(document: Json, connection: Path): Mistake[] {
  const credentials = valueAt(document, [...connection, 'credentials'])
  const tls = valueAt(document, [...connection, 'tls'])
  return [
    ...(isJsonObject(credentials) ? credentialMistakes(credentials, [...connection, 'credentials']) : []),
    ...(isJsonObject(tls) ? pairMistakes(tls, [...connection, 'tls'], 'certFile', 'keyFile') : []),
  ]
}

function credentialMistakes(credentials: JsonObject, path: Path): Mistake[] {
  const kinds = [
    ...('user' in credentials || 'passwordFile' in credentials ? ['user and passwordFile'] : []),
    ...['credsFile', 'nkeySeedFile'].filter((field) => field in credentials),
  ]
  const expected = 'expected exactly one of user and passwordFile, credsFile, nkeySeedFile'
  if (kinds.length > 1) {
    const found = listChoices(kinds).replace(' or ', ' and ')
    return [{ code: 'ambiguous', message: `${spellPath(path)} has ${found}, ${expected}`, path }]
  }
  const misspelt = Object.keys(credentials).length > 0 && kinds.length === 0
  if (kinds.length === 0)
    return misspelt ? [] : [{ code: 'missing-field', message: `${spellPath(path)} is empty, ${expected}`, path }]
  return pairMistakes(credentials, path, 'user', 'passwordFile')
}

function pairMistakes(object: JsonObject, path: Path, one: string, two: string): Mistake[] {
  if (one in object === two in object) return []
  const [has, lacks] = one in object ? [one, two] : [two, one]
  const message = `${spellPath(path)} has ${has} but no ${lacks}, expected both`
  return [{ code: 'missing-field', message, path: [...path, has], atKey: true }]
}

function policyMistakes(document: Json): Mistake[] {
  const policy = valueAt(document, ['policy'])
  if (!isJsonObject(policy)) return []
  // A misspelt one is reported as an unknown field already.
  if (Object.keys(policy).every((field) => field === 'rootNamespace')) {
    const message = 'policy names no source, expected folders, kubernetes or both'
    const hint = 'folders: [./policy] reads files; kubernetes: {} reads the cluster that the bridge runs in'
    return [{ code: 'missing-field', message, hint, path: ['policy'] }]
  }
  const { kubernetes } = policy
  if (kubernetes === null) {
    const message = 'policy.kubernetes is empty, expected an object'
    return [{ code: 'wrong-type', message, hint: 'write kubernetes: {}', path: ['policy', 'kubernetes'] }]
  }
  if (!isJsonObject(kubernetes) || !('context' in kubernetes)) return []
  // Of the one that is missing, a misspelt one is reported already.
  if (Object.keys(kubernetes).some((field) => field !== 'context' && field !== 'status')) return []
  const path = ['policy', 'kubernetes', 'context']
  const message = 'policy.kubernetes.context has no meaning without policy.kubernetes.kubeconfigFile'
  return [{ code: 'unused-field', message, hint: 'remove it, or name the kubeconfig', path, atKey: true }]
}

function sessionMistakes(document: Json): Mistake[] {
  const textAt = (path: Path, otherwise: string): string => {
    const found = valueAt(document, path)
    return typeof found === 'string' ? found : otherwise
  }
  const [ttl, minimum] = [textAt(['sessions', 'ttl'], '1h'), textAt(['sessions', 'minimumTtl'], '30s')]
  const mistakes: Mistake[] = []
  if ((parseDuration(minimum) ?? 0) > (parseDuration(ttl) ?? Infinity)) {
    const message = `sessions.minimumTtl ${quote(minimum)} is longer than sessions.ttl ${quote(ttl)}, expected at most as long`
    mistakes.push({ code: 'out-of-range', message, path: ['sessions', 'minimumTtl'] })
  }
  return mistakes
}
