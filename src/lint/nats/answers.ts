/** Who may hear answers, and who may give more of them than were asked for. Pure. */
import { quote } from '../../lib/spell.ts'
import type { Rule } from '../finding.ts'
import { allowsOf, entriesOf } from '../grant-rules.ts'
import { neverMeetMatchers } from '../principals.ts'

export const respondUnlimited: Rule = {
  code: 'respond-unlimited',
  severity: 'warning',
  title: 'responder without a limit',
  why: 'NATS lets a responder publish to whatever reply subject a request names, and this overrides every DENY. Without a number or a time the right never ends: a requester can use the service to publish where it must not.',
  mend: 'set `maxReplies` to the longest stream of answers, and `replyWithin` to the longest wait',
  check: ({ model }) =>
    allowsOf(model).flatMap(({ grant, origin }) => {
      // Those of `$SRV` come with the service that is told of itself.
      if (grant.verb !== 'respond' || grant.patterns.every(({ tokens }) => tokens[0] === '$SRV')) return []
      const open = [
        ...(grant.maxReplies < 0 ? ['any number of replies'] : []),
        ...(grant.replyWithinMs < 0 ? ['for as long as the connection lasts'] : []),
      ]
      if (open.length === 0) return []
      const [first] = grant.patterns
      const written = first === undefined ? {} : { written: first.text }
      return [{ at: { origin, ...written }, message: `may answer each request with ${open.join(', ')}` }]
    }),
}

export const inboxExposed: Rule = {
  code: 'inbox-exposed',
  severity: 'warning',
  title: 'shared inbox that several requesters use',
  why: 'With `inbox: shared` whoever may request anything in the account may subscribe to `_INBOX.>`, where the answers to all others pass: tokens, personal data, whatever the services return.',
  mend: 'use `inbox: private`, and set the inboxPrefix that the bridge names in the clients',
  check: ({ model, trustDomains }) =>
    model.accounts.flatMap(({ account, inbox, principals, origin }) => {
      if (inbox !== 'shared') return []
      const requests = allowsOf(model).filter(
        (rule) => rule.grant.verb === 'request' && !neverMeetMatchers(entriesOf(rule), principals, trustDomains),
      )
      const subjects = [...new Set(requests.flatMap(({ grant }) => grant.patterns.map(({ text }) => text)))].toSorted()
      const callers = new Set(requests.map((rule) => JSON.stringify(entriesOf(rule))))
      if (callers.size < 2) return []
      const shown = subjects.slice(0, 3).map(quote).join(', ')
      const more = subjects.length > 3 ? ` and ${subjects.length - 3} more` : ''
      const message = `every requester in ${account} can read the answers to ${shown}${more}`
      return [{ at: { origin, path: ['spec', 'accounts', origin.rule ?? 0, 'inbox'] }, message }]
    }),
}
