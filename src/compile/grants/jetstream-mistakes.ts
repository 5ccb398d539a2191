/** What the fields of `jetstream` cannot mean together: what subjects cannot scope is refused, unless the grant says so. Pure. */
import type { Effect } from '../../policy/model.ts'
import type { Mistake } from '../mistake.ts'
import { describeValue, quote, spellPath } from '../../lib/spell.ts'
import { ANY_NAME } from '../values/resource-names.ts'
import { wildcardThatWidens } from './jetstream-api.ts'
import type { JetStreamFields } from './jetstream-schema.ts'
import { misplaced, saysNothing, type At } from './resource.ts'
import { contradictsWhole, denyOfPart, wholeInDeny } from './whole.ts'

export function jetstreamMistakes(fields: JetStreamFields, effect: Effect, at: At): Mistake[] {
  const { stream, publish, consume, read, admin, wholeStream, streamNames } = fields
  const mistakes: Mistake[] = []
  if (publish === undefined && consume === undefined && read === undefined && admin !== true && streamNames !== true) {
    mistakes.push(saysNothing(at, 'publish, consume, read or admin'))
  }
  if (effect === 'deny') return [...mistakes, ...denyMistakes(fields, at)]
  if (stream === ANY_NAME) {
    const message = `${spellPath(at('stream'))} is "*", expected the name of one stream`
    mistakes.push({ code: 'stream-invalid', message, hint: 'write one grant for each stream', path: at('stream') })
  }
  if (wholeStream === true) {
    if (consume === undefined && read === undefined) {
      mistakes.push(misplaced(at('wholeStream'), 'goes with consume or read only'))
    }
    mistakes.push(...contradictsWhole(read, at, 'read', 'wholeStream'))
  } else {
    mistakes.push(...(read ?? []).flatMap((one, index) => wildcardThatWidens(one, at('read', index))))
  }
  return [...mistakes, ...consumeMistakes(fields, at)]
}

function denyMistakes({ consume, read, wholeStream }: JetStreamFields, at: At): Mistake[] {
  const mistakes = [...wholeInDeny(wholeStream, at, 'wholeStream'), ...denyOfPart(read, at, 'read', 'subjects')]
  if (consume === undefined) return mistakes
  if (consume.consumer === undefined) {
    const message = `${spellPath(at('consume'))} names no consumer, expected consumer`
    const hint = 'consumer: "*" denies every way to read the stream'
    mistakes.push({ code: 'consumer-unclear', message, hint, path: at('consume'), atKey: true })
  }
  for (const field of ['create', 'ordered', 'filter', 'push', 'deliver', 'queue'] as const) {
    if (consume[field] === undefined) continue
    const hint = 'name a consumer, or "*" to deny every way to read the stream; subscribe and publish deny subjects'
    mistakes.push(misplaced(at('consume', field), 'does not go with action DENY', hint))
  }
  return mistakes
}

function consumeMistakes({ stream, consume, wholeStream }: JetStreamFields, at: At): Mistake[] {
  if (consume === undefined) return []
  const { consumer, create, ordered, filter, push, deliver, queue } = consume
  const here = (...steps: string[]) => at('consume', ...steps)
  const mistakes: Mistake[] = []
  const whole = wholeStream === true
  if ((consumer === undefined) === (ordered !== true)) {
    const has = consumer === undefined ? 'neither consumer nor ordered' : 'both consumer and ordered'
    const message = `${spellPath(here())} has ${has}, expected one of them`
    const hint = 'consumer names the one to read with; ordered: true is for readers that keep their place themselves'
    return [{ code: 'consumer-unclear', message, hint, path: here(), atKey: true }]
  }
  const creates = create === true || ordered === true
  if (consumer === ANY_NAME && !whole) {
    const message = `${spellPath(here('consumer'))} is "*", and so reaches every message of ${quote(stream)}`
    const hint = 'name one consumer, or say wholeStream: true'
    mistakes.push({ code: 'whole-stream-needed', message, hint, path: here('consumer') })
  }
  if (creates && filter === undefined && !whole) {
    const field = create === true ? 'create' : 'ordered'
    const message = `${spellPath(here(field))} without filter reaches every message of ${quote(stream)}`
    const hint =
      'give the one filter that the consumer has, or say wholeStream: true; several filters need wholeStream too'
    mistakes.push({ code: 'whole-stream-needed', message, hint, path: here(field) })
  }
  if (filter !== undefined) {
    if (!creates) {
      mistakes.push(
        misplaced(here('filter'), 'goes with create or ordered only', 'a consumer made before has its own filter'),
      )
    } else if (whole) {
      mistakes.push(misplaced(here('filter'), 'narrows nothing beside wholeStream: true', 'remove one of the two'))
    } else mistakes.push(...wildcardThatWidens(filter, here('filter')))
  }
  if (ordered === true) {
    for (const field of ['create', 'push', 'deliver', 'queue'] as const) {
      if (consume[field] === undefined) continue
      mistakes.push(
        misplaced(
          here(field),
          'does not go with ordered',
          'an ordered consumer is created anew each time, for the own inbox',
        ),
      )
    }
    return mistakes
  }
  if (deliver !== undefined && push !== true) mistakes.push(misplaced(here('deliver'), 'goes with push: true only'))
  if (queue !== undefined && deliver === undefined) mistakes.push(misplaced(here('queue'), 'goes with deliver only'))
  if (push === true && deliver === undefined && create !== true) {
    const message = `${spellPath(here('deliver'))} is ${describeValue(undefined)}, expected the subject that the consumer delivers to`
    mistakes.push({ code: 'missing-field', message, path: here('deliver') })
  }
  return mistakes
}
