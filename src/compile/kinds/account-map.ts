/** `AccountMap`: which principals live in which NATS account, and which inbox they have there. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../lib/json.ts'
import { matcherRemarks } from '../matcher-remarks.ts'
import type { Mistake } from '../mistake.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { describeValue, listChoices, spellPath, type Path } from '../../lib/spell.ts'
import { textsAt } from '../source-object.ts'
import { matcher } from '../values/matcher.ts'
import { accountName } from '../values/names.ts'
import { defineKind, type CheckContext, type KnownAccounts } from './kind.ts'

const MOST_LISTED = 10

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

function check(spec: Json, known: CheckContext): Mistake[] {
  if (!isJsonObject(spec)) return []
  const mistakes = matcherRemarks(spec, ['accounts', '*', 'principals'])
  for (const { path: within, text } of textsAt(spec, ['accounts', '*', 'account'])) {
    mistakes.push(...accountMistakes(text, ['spec', ...within], known))
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

function accountMistakes(account: string, path: Path, { forbiddenAccounts, listedAccounts }: KnownAccounts): Mistake[] {
  const found = `${spellPath(path)} is ${describeValue(account)}`
  if (forbiddenAccounts.has(account)) {
    const message = `${found}, an account that no client may be placed in`
    const hint = 'name an account of your own: not the system account, $G or the account of the callout service'
    return [{ code: 'account-forbidden', message, hint, path }]
  }
  if (listedAccounts === undefined || listedAccounts.has(account)) return []
  const message = `${found}, which the bridge's configuration does not list: each login that it places there is refused with ACCOUNT_FORBIDDEN`
  const meant =
    didYouMean(account, listedAccounts) ??
    `name an account of its list, which holds ${listChoices([...listedAccounts].slice(0, MOST_LISTED))};`
  const hint = `${meant} or add it to accounts in bridge.yaml, if clients belong there`
  return [{ severity: 'warning', code: 'account-unlisted', message, hint, path }]
}
