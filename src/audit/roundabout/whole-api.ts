/** Who may send anything to the JetStream API of its account goes every way that leads through it: that is said once. Pure. */
import { overlaps } from '../../subject/index.ts'
import type { Actor, Actors, Right } from './actors.ts'
import type { Draft } from './draft.ts'
import type { WayKind } from './way.ts'

const THROUGH_THE_API: ReadonlySet<WayKind> = new Set<WayKind>([
  'direct-get',
  'message-get',
  'consumer-create',
  'consumer-next',
  'stream-create',
  'stream-update',
  'stream-restore',
  'stream-snapshot',
])

const SAID = 'may send anything to the JetStream API: make consumers and streams, copy, republish, fetch and back up'

export function foldWholeApi(drafts: readonly Draft[], actors: Actors): Draft[] {
  const folded = new Map<Actor, Draft>()
  const others: Draft[] = []
  for (const draft of drafts) {
    const right = THROUGH_THE_API.has(draft.kind) ? wholeOf(draft.actor, actors) : undefined
    if (right === undefined) {
      others.push(draft)
      continue
    }
    const { stream: _stream, ...rest } = draft
    const known = folded.get(draft.actor)
    const certain = draft.certain || known?.certain === true
    const content = draft.content === undefined ? {} : { content: 'own' as const }
    // The widest: reading by a configured stream reaches all of it.
    const reaches =
      known !== undefined && known.reaches.text.length < draft.reaches.text.length ? known.reaches : draft.reaches
    folded.set(draft.actor, {
      ...rest,
      ...content,
      kind: 'whole-api',
      use: right.pattern.text,
      said: SAID,
      certain,
      reaches,
    })
  }
  return [...others, ...folded.values()]
}

/** The right to everything of it, with nothing denied. */
function wholeOf(actor: Actor, actors: Actors): Right | undefined {
  return actors
    .residents(actor.decision.account, 'whole')
    .find(
      (right) =>
        right.actor === actor &&
        right.pattern.text === right.shape.pattern.text &&
        right.domain === undefined &&
        right.imported === undefined &&
        !actor.publish.deny.some(({ pattern }) => overlaps(pattern, right.pattern)),
    )
}
