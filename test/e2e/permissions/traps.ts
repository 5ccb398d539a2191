/** Policies that once went wrong, or are known to be hard: asked of every server before the generated ones. */
import type { Grant, Model } from '../../../src/policy/model.ts'
import { pattern, ruleOf, snapshotOf } from '../../support/policy-arbitraries.ts'

/** For `examples` of a property about one model. */
export const traps: [Model][] = [
  // Servers look a SUB up as if it were a literal: `a.>` passes for a subject of `a.*`, `*.*`.
  policy([subscribe('a.*')]),
  policy([subscribe('*.*')]),
  policy([subscribe('a.* q'), subscribe('a.b.c r')]),
  // The deny that closes this hole would cut what the other entry grants.
  policy([subscribe('a.*'), subscribe('a.b.>')]),
  // Beside an entry with a queue, a plain one admits no queue any more.
  policy([subscribe('a.*'), subscribe('a.b q')]),
  // A guard covers the denied subject, but lies outside of the subscription: alone, it does not make old servers filter.
  policy([subscribe('*.b.a'), subscribe('a.*')], [subscribe('a.b.>')]),
  // Denies that only overlap a subscription, and denies of one queue.
  policy([subscribe('a.>')], [subscribe('*.b.>')]),
  policy([subscribe('a.>')], [subscribe('a.b q')]),
  // Old servers overlook `*` beside a longer entry, in both lists.
  policy([publish('*'), publish('a.b')]),
  policy([publish('>')], [publish('a.*'), publish('a.b.c')]),
  policy([{ verb: 'request', patterns: [pattern('a')] }]),
  policy([]),
].map((model) => [model])

function policy(allows: readonly Grant[], denies: readonly Grant[] = []): Model {
  const origin = { kind: 'AccountMap', name: 'accounts' }
  return {
    ...snapshotOf({}).model,
    accounts: [{ account: 'SHOP', principals: [{ authenticated: true }], inbox: 'private', origin }],
    grants: [...allows.map((grant) => ruleOf('allow', grant)), ...denies.map((grant) => ruleOf('deny', grant))],
  }
}

function publish(text: string): Grant {
  return { verb: 'publish', patterns: [pattern(text)] }
}

/** `subject` or `subject queue`, as nats-server spells it. */
function subscribe(entry: string): Grant {
  const [text = '', queue] = entry.split(' ')
  const queues = queue === undefined ? {} : { queues: [pattern(queue)] }
  return { verb: 'subscribe', patterns: [pattern(text)], ...queues }
}
