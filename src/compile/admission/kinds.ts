/** The other kinds, in what the Kubernetes API can check of them. Pure. `src/compile/kinds` has the same in full. */
import { list, must, type Admission } from './admission.ts'
import { grants, grantSpecRules, subjectPatterns } from './grants.ts'
import { principals } from './matcher.ts'
import { seconds } from './texts.ts'

const MAX_ACCOUNTS = 100
const MAX_CONNECTION_TYPES = 16

export const accountMap: Admission = {
  description: 'who lives in which NATS account; a principal lives in exactly one',
  properties: {
    accounts: list(
      {
        properties: {
          account: {
            description: 'name of the NATS account, as the configuration of the bridge lists it',
            maxLength: 128,
            pattern: '^[!-~]+$',
            rules: [
              must(`!(self in ['SYS', '$G'])`, 'is an account that no client may be placed in: name one of your own'),
            ],
          },
          principals,
          inbox: {
            description:
              'where answers come to: private (default; clients set it as inboxPrefix), or shared, where everybody in the account can read the answers to everybody',
          },
        },
      },
      MAX_ACCOUNTS,
      { description: 'the accounts; whoever no entry names is refused, as is whoever two of them name' },
    ),
  },
}

export const subjectCeiling: Admission = {
  description: 'the most that matching principals can hold, whoever grants it; several ceilings add up',
  properties: {
    principals,
    publish: { ...subjectPatterns, description: 'subjects to publish to; [] is none' },
    subscribe: { ...subjectPatterns, description: 'subjects to subscribe to; [] is none' },
  },
}

export const subjectPolicy: Admission = {
  description: 'who may, or may not, publish, subscribe, request and respond where, and within which limits',
  properties: {
    action: { description: 'ALLOW (default) or DENY, which beats every grant, whoever wrote it' },
    principals,
    grants,
    limits: {
      description: 'limits of the sessions of whoever matches, whatever grants them',
      properties: {
        maxSession: { ...seconds, description: 'longest session, such as 30s, 5m or 1h30m' },
        connectionTypes: { maxItems: MAX_CONNECTION_TYPES, description: 'kinds of connection that are let in' },
      },
      rules: [
        {
          rule: 'has(self.maxSession) || has(self.connectionTypes)',
          message: 'is empty: give maxSession or connectionTypes',
        },
      ],
    },
  },
  rules: [
    { rule: 'has(self.grants) || has(self.limits)', message: 'has neither grants nor limits' },
    {
      rule: `!(has(self.action) && self.action == 'DENY') || !has(self.limits)`,
      message: 'does not go with action DENY: write limits in a SubjectPolicy of their own',
      fieldPath: '.limits',
    },
    ...grantSpecRules,
  ],
}
