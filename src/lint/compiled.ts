/**
 * What the compiler says about documents, as findings. Pure.
 * The codes that speak of a design and not of a slip have a text of their own; all others share one.
 */
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { LintDocument } from './documents.ts'
import { docsOf, type Finding, type RuleText } from './finding.ts'
import type { Placed } from './place.ts'
import { WAIVER_UNKNOWN, WAIVER_UNUSED } from './waiver-rules.ts'

/** Severities here are the compiler's own, for the documentation; a finding has the one of its diagnostic. */
export const COMPILED_RULES: readonly RuleText[] = [
  {
    code: 'account-conflict',
    severity: 'error',
    title: 'one matcher, two accounts',
    why: 'A principal lives in exactly one account. Whoever matches both entries is refused, and no snapshot is made.',
    mend: 'remove one of the two entries',
  },
  {
    code: 'account-overlap',
    severity: 'warning',
    title: 'a matcher within the matcher of another account',
    why: 'Whoever matches both is refused at login, which shows only when the first such client comes.',
    mend: 'make the two entries exclude each other',
  },
  {
    code: 'inbox-shared',
    severity: 'info',
    title: 'account with a shared inbox',
    why: 'With `inbox: shared` every requester of the account may subscribe to `_INBOX.>`, where all answers of all others pass.',
    mend: 'use `inbox: private`, and set the inboxPrefix that the bridge names in the clients',
  },
  {
    code: 'pattern-invalid',
    severity: 'error',
    title: 'text that is no subject pattern',
    why: 'NATS wildcards stand for whole tokens. nats-server takes `foo-*`, `a.b*` or `*.x>` for literal text: an allow grants nothing, and a deny denies nothing.',
    mend: 'put the wildcard between dots, as in `orders.*`, and `>` last',
  },
  {
    code: 'reach-inbox',
    severity: 'error',
    title: 'reach into inboxes',
    why: 'Answers to requests arrive at inboxes. Whoever may subscribe to `_INBOX.>` reads the answers that others get; whoever may publish there forges them.',
    mend: 'use `request` and `respond`, which bring the own inbox and the right to answer with them',
  },
  {
    code: 'reach-jetstream',
    severity: 'error',
    title: 'reach into raw JetStream subjects',
    why: 'JetStream acts with the authority of the server: an API subject can read, copy or delete a stream whose subjects are denied.',
    mend: 'use the grants `jetstream`, `kv` and `objectStore`, which name a stream and what is done with it',
  },
  {
    code: 'reach-system',
    severity: 'error',
    title: 'reach into system subjects',
    why: 'Under `$SYS` the server answers questions about every connection of the account: names, addresses, subscriptions.',
    mend: 'leave it out, or begin the pattern with a literal token',
  },
  {
    code: 'route-custom',
    severity: 'warning',
    title: 'route that a CUSTOM policy may rule',
    why: 'What an external provider would answer is not known when a client connects. The bridge refuses the subject to whoever the policy may concern.',
    mend: 'leave the paths of the route out of the CUSTOM policy, or grant their subjects in a SubjectPolicy',
  },
  {
    code: 'route-inexact',
    severity: 'warning',
    title: 'path that subjects cannot say',
    why: 'A subject wildcard is a whole token, and a path may be cut in the middle of a segment. Then fewer subjects are granted than HTTP allows, or more denied; never the other way round.',
    mend: 'let the path end at a slash, as in `/orders/*`, or use the template `{*}`',
  },
  {
    code: 'route-no-policy',
    severity: 'warning',
    title: 'route of a workload without an ALLOW policy',
    why: 'To Istio such a workload is open to everybody; the bridge does not take silence for consent, and grants nobody the subjects of the route.',
    mend: 'write an AuthorizationPolicy for the workload, or `whenNoPolicy: Allow` for what Istio does',
  },
  {
    code: 'route-unknown',
    severity: 'warning',
    title: 'route whose policy asks for what a NATS client does not have',
    why: 'Headers and addresses are not known when a client connects. An ALLOW that asks for them allows nothing on the route, and a DENY denies whatever they are.',
    mend: 'ask for principals, namespaces or claims, or leave the path out of the route',
  },
  WAIVER_UNKNOWN,
  WAIVER_UNUSED,
]

/** For every other code of the compiler. */
export const UNREAD: RuleText = {
  code: 'not-as-written',
  severity: 'error',
  title: 'a document that is not read as it is written',
  why: 'A document with an error grants nothing; when it is a DENY, an AccountMap or a ceiling, the last good policy stays in force instead of this one.',
  mend: 'write what was expected',
}

/** The same for what is no error. */
export const REMARKED: RuleText = {
  code: 'compiler-remark',
  severity: 'warning',
  title: 'remark of the compiler',
  why: 'The document is in force, and the compiler has something to say that its text alone does not show: a default that was taken, a part that gives less, a rule that concerns nobody.',
  mend: 'write out what is meant',
}

const BY_CODE: ReadonlyMap<string, RuleText> = new Map(COMPILED_RULES.map((rule) => [rule.code, rule]))

export function findingOfDiagnostic(diagnostic: Diagnostic): Finding {
  const { hint, code, severity, message, ...place } = diagnostic
  const rule = BY_CODE.get(code) ?? (severity === 'error' ? UNREAD : REMARKED)
  const { title, why, mend } = rule
  return { code, severity, ...place, title, message, why, mend: hint ?? mend, docs: docsOf(rule.code) }
}

/** Codes of the compiler that a rule of lint says better, where it found the same thing at the same place. */
const BETTER_SAID: ReadonlyMap<string, string> = new Map([
  ['inbox-shared', 'inbox-exposed'],
  ['condition-unknown', 'istio-unknown-key'],
])

/** They speak to somebody who wants to run the bridge with this folder, not to somebody who lints the policies of a mesh. */
const FOR_THE_BRIDGE: ReadonlySet<string> = new Set(['no-documents', 'no-accounts'])

/** @param documents of the kinds that lint knows */
export function isSuperseded(told: Finding, found: readonly Placed[], documents: readonly LintDocument[]): boolean {
  if (FOR_THE_BRIDGE.has(told.code)) return documents.length > 0 && !documents.some(isOurs)
  const better = BETTER_SAID.get(told.code)
  return found.some(
    ({ finding: { code, file, line, column, message } }) =>
      file === told.file &&
      line === told.line &&
      (code === better || (column === told.column && message === told.message)),
  )
}

function isOurs({ group }: LintDocument): boolean {
  return group === 'nats-identity-bridge.dev'
}
