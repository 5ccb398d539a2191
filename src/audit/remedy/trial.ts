/** What edits of a policy would do: whether they grant what was asked for, and what they would grant besides. Pure; asks the engine. */
import type { Decide } from '../../policy/decide.ts'
import { permits, type Action } from '../../policy/effective.ts'
import type { GrantRule, Model } from '../../policy/model.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { covers, parsePattern } from '../../subject/index.ts'
import { compareSnapshots } from '../compare.ts'
import { isWhole } from '../extent.ts'
import { sliceFor } from '../slice.ts'
import type { Question } from '../why.ts'
import type { Edit } from './step.ts'

export interface AlsoGrants {
  /** Name of a known principal, or the description of a pattern of principals. */
  readonly principal: string
  readonly action?: Action
  /** An entry of permissions, or `a login to account SHOP`. */
  readonly what: string
  readonly except?: readonly string[]
}

/** What a first request brings with it, whatever it is called. */
export const OWN_INBOX = 'the own inbox'

export function candidateOf(snapshot: Snapshot, edits: readonly Edit[]): Snapshot {
  return { ...snapshot, id: 'candidate', model: edits.reduce((model, { apply }) => apply(model), snapshot.model) }
}

/** @param lifted denies that are taken as gone: somebody else must change them. */
export function grantsIt(
  candidate: Snapshot,
  { principal, action, subject, queue }: Question,
  lifted: ReadonlySet<GrantRule>,
  decide: Decide,
): boolean {
  const near = sliceFor(candidate, [principal])
  const model: Model = { ...near.model, grants: near.model.grants.filter((rule) => !lifted.has(rule)) }
  const decision = decide({ ...near, model }, principal)
  if (decision.effect === 'deny' || !permits(decision.permissions.filtering, action, subject.text, queue)) return false
  return action === 'publish' || isWhole(decision.permissions.filtering.sub, subject, queue)
}

export function alsoGranted(
  snapshot: Snapshot,
  candidate: Snapshot,
  { principal, action, subject, queue }: Question,
  decide: Decide,
): readonly AlsoGrants[] {
  const isAsked = (entry: string): boolean => {
    const [text = '', group] = entry.split(' ')
    const pattern = parsePattern(text)
    return pattern.ok && covers(subject, pattern.value) && (queue === undefined || group === queue)
  }
  const { changes } = compareSnapshots(snapshot, candidate, [], decide)
  const found = changes.flatMap((change): AlsoGrants[] => {
    const isAsker = change.principal === principal.name || change.endUser === principal.name
    const who = isAsker ? principal.name : change.principal
    const login =
      change.login === 'gained' && 'account' in change.after ? [`a login to account ${change.after.account}`] : []
    return [
      ...login.map((what) => ({ principal: who, what })),
      ...change.gained
        .filter((entry) => !(isAsker && entry.action === action && isAsked(entry.entry)))
        .map((entry): AlsoGrants => ({
          principal: who,
          action: entry.action,
          what: entry.inbox ? OWN_INBOX : entry.entry,
          ...(entry.except.length === 0 ? {} : { except: entry.except }),
        })),
    ]
  })
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
}
