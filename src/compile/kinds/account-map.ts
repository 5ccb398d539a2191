/** `AccountMap`: which principals live in which NATS account, and which inbox they have there. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../lib/json.ts'
import type { Mistake } from '../mistake.ts'
import { describeValue, spellPath } from '../../lib/spell.ts'
import { textsAt } from '../source-object.ts'
import { matcher } from '../values/matcher.ts'
import { accountName } from '../values/names.ts'
import { defineKind, type CheckContext } from './kind.ts'

export const accountMap = defineKind({
  kind: 'AccountMap',
  scope: 'Cluster',
  ruleList: 'accounts',
  spec: z.strictObject({
    accounts: z.array(
      z.strictObject({
        account: accountName,
        principals: matcher,
        inbox: z.enum(['private', 'shared']).default('private'),
      }),
    ),
  }),
  check,
  // One entry less can end a conflict, and so let somebody in who was refused.
  onlyGrants: () => false,
  translate: (spec, originAt) => ({
    accounts: spec.accounts.map((entry, rule) => ({ ...entry, origin: originAt(['spec', 'accounts', rule], rule) })),
  }),
})

function check(spec: Json, { forbiddenAccounts }: CheckContext): Mistake[] {
  if (!isJsonObject(spec)) return []
  const mistakes: Mistake[] = []
  for (const { path: within, text } of textsAt(spec, ['accounts', '*', 'account'])) {
    if (!forbiddenAccounts.has(text)) continue
    const path = ['spec', ...within]
    const message = `${spellPath(path)} is ${describeValue(text)}, an account that no client may be placed in`
    const hint = 'name an account of your own: not the system account, $G or the account of the callout service'
    mistakes.push({ code: 'account-forbidden', message, hint, path })
  }
  for (const { path: within, text } of textsAt(spec, ['accounts', '*', 'inbox'])) {
    if (text !== 'shared') continue
    const path = ['spec', ...within]
    const message = `${spellPath(path)} is shared: everybody in the account can read the answers to everybody's requests`
    mistakes.push({
      severity: 'info',
      code: 'inbox-shared',
      message,
      hint: 'private needs inboxPrefix in the client',
      path,
    })
  }
  return mistakes
}
