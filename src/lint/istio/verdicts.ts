/** What Istio's own validation says, or should have said, of an AuthorizationPolicy. Pure. */
import { parseAuthorizationPolicy, type PolicyMistake } from '../../istio/index.ts'
import type { Estate } from '../estate.ts'
import type { Rule, Suspicion } from '../finding.ts'

function told({ policies }: Estate, isMine: (mistake: PolicyMistake) => boolean): Suspicion[] {
  return policies.flatMap(({ document }) =>
    parseAuthorizationPolicy(document.object.value)
      .mistakes.filter(isMine)
      .map(({ path, atKey, message, hint, severity }) => ({
        at: { document, path, ...(atKey === undefined ? {} : { atKey }) },
        message,
        severity,
        ...(hint === undefined ? {} : { mend: hint }),
      })),
  )
}

const UNKNOWN_FIELD = 'unknown-field'
const UNKNOWN_KEYS: ReadonlySet<string> = new Set(['condition-unknown', 'condition-unreadable'])
const DENIES_TCP = 'denies-tcp'

export const istioUnknownField: Rule = {
  code: 'istio-unknown-field',
  severity: 'error',
  title: 'field that Istio does not know',
  why: 'Unless asked to be strict, the API server drops unknown fields without a word. A condition that is dropped does not limit any more: the rule lets in whoever is left.',
  mend: 'correct the name, or move the field to where it belongs',
  check: (estate) => told(estate, ({ code }) => code === UNKNOWN_FIELD),
}

export const istioUnknownKey: Rule = {
  code: 'istio-unknown-key',
  severity: 'error',
  title: 'condition on a key that Istio does not know',
  why: 'Where such a policy gets past the validation, Istio skips the whole rule: an ALLOW grants nothing, and a DENY denies nothing.',
  mend: 'use one of the documented keys; the attributes `source.labels`, `source.workload` and `destination.labels` do not exist any more',
  check: (estate) => told(estate, ({ code }) => UNKNOWN_KEYS.has(code)),
}

export const istioDenyShutsTcp: Rule = {
  code: 'istio-deny-shuts-tcp',
  severity: 'warning',
  title: 'DENY that has only HTTP conditions',
  why: 'On a port that is not known to carry HTTP, Istio drops the HTTP conditions of a DENY rule and keeps the rule: it then denies every connection to that port, from databases to NATS.',
  mend: 'name the ports of the HTTP traffic in `to.operation.ports`, or add a condition on the caller',
  check: (estate) => told(estate, ({ code }) => code === DENIES_TCP),
}

export const istioRefused: Rule = {
  code: 'istio-refused',
  severity: 'error',
  title: 'policy that the validation of Istio objects to',
  why: 'The webhook of Istio refuses the document, so the policy that was there before stays in force; where the webhook is off, each proxy makes of it what it can.',
  mend: 'write what was expected',
  check: (estate) =>
    told(estate, ({ code }) => code !== UNKNOWN_FIELD && code !== DENIES_TCP && !UNKNOWN_KEYS.has(code)),
}
