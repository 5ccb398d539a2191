/**
 * Texts of policy documents, in what the Kubernetes API can check of them: subject patterns, names, durations. Pure.
 * `src/compile/values` has the same in full.
 */
import { also, list, must, type Admission } from './admission.ts'

/** NATS advises subjects of fewer than 256 characters; the bound also pays for the rules about them. */
const MAX_SUBJECT = 256
const MAX_QUEUES = 16

/** Neither blanks nor control characters nor most of those that nobody sees. */
const VISIBLE = String.raw`\s\p{Z}\p{Cc}\p{Cf}`
const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
const SUBDOMAIN = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`

const tokens = must(
  `!self.startsWith('.') && !self.endsWith('.') && !self.contains('..')`,
  'has an empty token: no "." first or last, no ".."',
)
const wildcards = must(
  `!self.matches('[^.][*>]|[*][^.]|>.')`,
  'has a wildcard in the wrong place: "*" and ">" stand for whole tokens, and ">" stands last',
)
const blanks = must(`!self.contains(' ')`, 'has a blank in it: one pattern for each item; queue groups go into queue')

/** `*` and `>` where nats-server takes them for what they look like. */
const spelled: Admission = { minLength: 1, maxLength: MAX_SUBJECT, rules: [tokens, wildcards] }

export const subjectPattern = also(spelled, { pattern: `^[^${VISIBLE}]*$`, rules: [blanks] })
export const queueGroups = list(subjectPattern, MAX_QUEUES, {
  description: 'queue groups: only as a member of one of them; wildcards as in subjects',
})
/** Of a key-value bucket. */
export const keyPattern = also(spelled, { pattern: '^[-/_=.a-zA-Z0-9*>]*$' })

const NAME = `[^${VISIBLE}.*>/\\\\]`
/** `*` alone has a meaning in some grants. */
export const resourceName: Admission = { minLength: 1, maxLength: 255, pattern: `^(${NAME}+|[*])$` }
export const domainName: Admission = {
  minLength: 1,
  maxLength: 255,
  pattern: `^${NAME}+$`,
  rules: [must(`!(self in ['API', 'ACK', 'FC', 'EVENT'])`, 'is no domain: behind $JS it has a meaning of its own')],
}
export const word: Admission = { minLength: 1, maxLength: 251, pattern: '^[A-Za-z0-9_-]+$' }
export const wordOrAny: Admission = { minLength: 1, maxLength: 251, pattern: '^([A-Za-z0-9_-]+|[*])$' }

export const namespaceName: Admission = { maxLength: 63, pattern: `^${LABEL}$` }
export const objectName: Admission = { maxLength: 253, pattern: `^${SUBDOMAIN}$` }
export const serviceAccountName: Admission = {
  maxLength: 317,
  pattern: `^([*]|${LABEL})/([*]|${SUBDOMAIN})$`,
  rules: [must(`self.matches('^[^/]+/[^/]+$')`, 'is no ServiceAccount: write <namespace>/<name>')],
}
export const trustDomainName: Admission = { maxLength: 255, pattern: '^[a-z0-9._-]+$' }

const duration: Admission = {
  maxLength: 24,
  pattern: '^([0-9]{1,5}(h|ms|m|s)){1,4}$',
  rules: [must(`self.matches('[1-9]') || !self.matches('[0-9]')`, 'is no time at all')],
}
/** The shortest is 1ms. */
export const milliseconds = duration
export const seconds = also(duration, {
  rules: [
    must(
      `!self.matches('^([0-9]{1,5}(h|ms|m|s)){1,4}$') || duration(self).getMilliseconds() % 1000 == 0`,
      'is not one or more whole seconds',
    ),
  ],
})
