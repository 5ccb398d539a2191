/**
 * The grant rules whose patterns share a subject with one that is asked about. Pure.
 * Answers are asked for many times of one model (tests, audits), and most rules have nothing to do with most subjects.
 */
import { remember } from '../lib/remember.ts'
import type { Action } from '../policy/effective.ts'
import type { Grant, GrantRule, Model } from '../policy/model.ts'
import { PatternIndex, type Pattern } from '../subject/index.ts'

type Index = Readonly<Record<Action, PatternIndex<number>>>

const indexes = new WeakMap<Model, Index>()

/** In the order of the model, each once. */
export function grantsTouching(model: Model, action: Action, subject: Pattern): readonly GrantRule[] {
  const positions = new Set(remember(indexes, model, indexOf)[action].overlapping(subject))
  return [...positions].toSorted((a, b) => a - b).flatMap((position) => model.grants[position] ?? [])
}

function actionOf({ verb }: Grant): Action {
  return verb === 'publish' || verb === 'request' ? 'publish' : 'subscribe'
}

function indexOf({ grants }: Model): Index {
  const index = { publish: new PatternIndex<number>(), subscribe: new PatternIndex<number>() }
  for (const [position, { grant }] of grants.entries()) {
    for (const pattern of grant.patterns) index[actionOf(grant)].add(pattern, position)
  }
  return index
}
