/**
 * One item of `grants:`, in what the Kubernetes API can check of it. Pure. `src/compile/grants` has the same in full.
 * What is wrong in an ALLOW alone, or in a DENY alone, is a rule of the spec: an item does not know the action above it.
 */
import { list, type Admission, type AdmissionRule } from './admission.ts'
import { jetstream, jetstreamSpecRules } from './jetstream.ts'
import { kv, kvSpecRules, objectStore, objectStoreSpecRules, service, serviceSpecRules } from './resources.ts'
import { milliseconds, queueGroups, subjectPattern } from './texts.ts'

const MAX_GRANTS = 64
const MAX_PATTERNS = 128

const VERBS = ['publish', 'subscribe', 'request', 'respond', 'jetstream', 'kv', 'objectStore', 'service'] as const
const ANY_VERB = VERBS.map((verb) => `has(self.${verb})`)

/** A list of subject patterns, the most that a list of them can hold. */
export const subjectPatterns = list(subjectPattern, MAX_PATTERNS)

export const maxReplies: Admission = {
  description: 'replies to one request; -1 is no limit; default 1',
  rules: [{ rule: 'self != 0', message: 'is no number of replies: leave it out for one, -1 for no limit' }],
}
export const replyWithin: Admission = {
  ...milliseconds,
  description: 'how long after the request a reply may be sent, such as 30s or 2m; default 2m',
}

const grant: Admission = {
  properties: {
    publish: { ...subjectPatterns, description: 'subjects to publish to' },
    subscribe: { ...subjectPatterns, description: 'subjects to subscribe to' },
    request: {
      ...subjectPatterns,
      description: 'subjects to send requests to: publish, and the answer in the own inbox',
    },
    respond: { ...subjectPatterns, description: 'subjects to subscribe to, and to answer what arrives there' },
    queue: queueGroups,
    maxReplies,
    replyWithin,
    jetstream,
    kv,
    objectStore,
    service,
  },
  rules: [
    { rule: ANY_VERB.join(' || '), message: `has no verb: give one of ${VERBS.join(', ')}` },
    {
      rule: `[${ANY_VERB.join(', ')}].filter(one, one).size() < 2`,
      message: 'has more than one verb: write one item of the list for each',
    },
    goesWith('queue', ['subscribe', 'respond']),
    goesWith('maxReplies', ['respond']),
    goesWith('replyWithin', ['respond']),
  ],
}

export const grants = list(grant, MAX_GRANTS, {
  description: 'what the principals may do, or in a DENY may not; each item has exactly one verb',
})

/** Of the spec around the grants. */
export const grantSpecRules: readonly AdmissionRule[] = [
  ...jetstreamSpecRules,
  ...kvSpecRules,
  ...objectStoreSpecRules,
  ...serviceSpecRules,
]

function goesWith(field: string, verbs: readonly string[]): AdmissionRule {
  return {
    rule: `!has(self.${field}) || ${verbs.map((verb) => `has(self.${verb})`).join(' || ')}`,
    message: `goes with ${verbs.join(' or ')} only`,
    fieldPath: `.${field}`,
  }
}
