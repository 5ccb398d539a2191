/** `kv`, `objectStore` and `service` in a grant, in what the Kubernetes API can check of them. Pure. `src/compile/grants` has the same in full. */
import { list, type Admission, type AdmissionRule } from './admission.ts'
import { everythingOrNothing, isTrue, saysSomething, wholeStreamRules } from './resource-rules.ts'
import { inAllow, inDeny } from './spec-rule.ts'
import { domainName, keyPattern, milliseconds, queueGroups, subjectPattern, word, wordOrAny } from './texts.ts'

const MAX_KEYS = 64
const MAX_ENDPOINTS = 64
const MAX_SERVICES = 64

const keys = list(keyPattern, MAX_KEYS)

export const kv: Admission = {
  properties: { bucket: word, domain: domainName, read: keys, watch: keys, write: keys },
  rules: [
    saysSomething(['read', 'watch', 'write'], ['admin'], 'read, watch, write or admin'),
    ...wholeStreamRules(['read', 'watch'], ['read', 'watch']),
  ],
}

export const kvSpecRules: readonly AdmissionRule[] = [
  inDeny({
    verb: 'kv',
    holds: `!has(grant.kv.wholeStream) && ${everythingOrNothing('kv', 'read')} && ${everythingOrNothing('kv', 'watch')}`,
    message:
      'in a DENY kv.read and kv.watch are [">"] and wholeStream is left out: single keys cannot be kept from a reader of others',
  }),
]

export const objectStore: Admission = {
  properties: { store: word, domain: domainName },
  rules: [saysSomething([], ['read', 'write', 'admin', 'streamNames'], 'read, write or admin')],
}

export const objectStoreSpecRules: readonly AdmissionRule[] = [
  inAllow({
    verb: 'objectStore',
    holds: `!${isTrue('write', 'grant.objectStore')} || ${isTrue('read', 'grant.objectStore')}`,
    message: 'objectStore.write needs read: true as well, as clients look an object up before they write it',
  }),
]

const host: Admission = {
  properties: {
    name: word,
    endpoints: list(subjectPattern, MAX_ENDPOINTS),
    queue: { ...queueGroups, description: 'queue groups of the endpoints: only as a member of one; clients use "q"' },
    maxReplies: {
      rules: [{ rule: 'self != 0', message: 'is no number of replies: leave it out for one, -1 for no limit' }],
    },
    replyWithin: milliseconds,
  },
}

export const service: Admission = {
  properties: { host, discover: list(wordOrAny, MAX_SERVICES), call: list(subjectPattern, MAX_ENDPOINTS) },
  rules: [saysSomething(['host', 'discover', 'call'], [], 'host, discover or call')],
}

export const serviceSpecRules: readonly AdmissionRule[] = [
  inDeny({
    verb: 'service',
    holds: `(!has(grant.service.discover) || grant.service.discover.all(one, one == '*'))`,
    message: 'in a DENY service.discover is ["*"]: whoever asks all services hears of each',
  }),
]
