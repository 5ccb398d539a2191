/** Requests without somebody to answer, answers without somebody to ask, and publishers who wait for an answer in vain. Pure. */
import { quote } from '../../lib/spell.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { PatternIndex } from '../../subject/index.ts'
import type { Rule } from '../finding.ts'
import { allowsOf, entriesOf, grantedBy, isOfRoute, type Granted } from '../grant-rules.ts'
import { coversMatcher } from '../principals.ts'

/** JetStream answers without any grant, and `$SRV` is there for whoever wants to look. */
function isOfServer({ pattern }: Granted): boolean {
  return pattern.tokens[0]?.startsWith('$') === true
}

export const respondUncalled: Rule = {
  code: 'respond-uncalled',
  severity: 'info',
  title: 'service that nobody may call',
  why: 'No rule lets anybody publish to a subject that this one answers. The caller is missing, lives in files that were not read, or spells the subject otherwise.',
  mend: 'grant `request` to the callers, or compare the spelling of the subjects',
  check: ({ model }) => {
    const allows = allowsOf(model)
    const callers = indexOf(grantedBy(allows, 'publish'))
    // Of routes the compiler says it itself, with the policies that it looked at.
    return grantedBy(allows)
      .filter((granted) => granted.rule.grant.verb === 'respond' && !isOfRoute(granted.rule) && !isOfServer(granted))
      .filter(({ pattern }) => callers.overlapping(pattern).length === 0)
      .map(({ rule, pattern }) => ({
        at: { origin: rule.origin, written: pattern.text },
        message: `nobody may publish to ${quote(pattern.text)}`,
      }))
  },
}

export const requestUnanswered: Rule = {
  code: 'request-unanswered',
  severity: 'info',
  title: 'request that nobody may answer',
  why: 'No rule lets anybody listen on this subject. The service is missing, lives in files that were not read, or spells the subject otherwise; requests end in "no responders".',
  mend: 'grant `respond` to the service, or compare the spelling of the subjects',
  check: ({ model }) => {
    const allows = allowsOf(model)
    const listeners = indexOf(grantedBy(allows, 'subscribe'))
    return grantedBy(allows)
      .filter((granted) => granted.rule.grant.verb === 'request' && !isOfServer(granted))
      .filter(({ pattern }) => listeners.overlapping(pattern).length === 0)
      .map(({ rule, pattern }) => ({
        at: { origin: rule.origin, written: pattern.text },
        message: `nobody may listen on ${quote(pattern.text)}`,
      }))
  },
}

export const publishForAnswers: Rule = {
  code: 'publish-for-answers',
  severity: 'info',
  title: 'publish where somebody answers',
  why: 'The subject belongs to a service that answers, and `publish` brings no inbox: the publisher can call, and never hears the answer.',
  mend: 'write `request` instead of `publish`, if answers are wanted',
  check: ({ model, trustDomains }) => {
    const allows = allowsOf(model)
    const services = indexOf(grantedBy(allows).filter(({ rule }) => rule.grant.verb === 'respond'))
    const requesting = allows.filter(({ grant }) => grant.verb === 'request')
    return grantedBy(allows)
      .filter(({ rule }) => rule.grant.verb === 'publish')
      .filter(({ rule }) => !requesting.some((other) => coversMatcher(entriesOf(other), entriesOf(rule), trustDomains)))
      .flatMap(({ rule, pattern }) => {
        const [service] = services.covering(pattern)
        if (service === undefined) return []
        const message = `${nameOrigin(service.rule.origin)} answers on ${quote(pattern.text)}, and publish has no inbox for the answer`
        return [{ at: { origin: rule.origin, written: pattern.text }, message }]
      })
  },
}

function indexOf(granted: readonly Granted[]): PatternIndex<Granted> {
  const index = new PatternIndex<Granted>()
  for (const one of granted) index.add(one.pattern, one)
  return index
}
