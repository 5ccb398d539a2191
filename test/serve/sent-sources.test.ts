/** Objects of the cluster on their way to the thread that answers: each sent once, and the same object as long as it stays. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PolicySources } from '../../src/answers/answering.ts'
import type { SourceObject } from '../../src/compile/index.ts'
import { createSourcesReceiver, createSourcesSender } from '../../src/serve/sent-sources.ts'

const objectOf = (value: number): SourceObject => ({ value, mistakes: [], locate: () => undefined })
const sourcesOf = (objects: readonly SourceObject[]): PolicySources => ({ snapshotId: 'id', texts: [], objects })

test('whatever comes and goes, the other side has the same objects in the same order, and each came over once', () => {
  const pool = Array.from({ length: 12 }, (_, value) => objectOf(value))
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat({ max: 11 }))), (rounds) => {
      const [send, receive] = [createSourcesSender(), createSourcesReceiver()]
      let before = new Map<unknown, SourceObject>()
      for (const round of rounds) {
        const objects = round.flatMap((index) => pool[index] ?? [])
        const sent = structuredClone(send(sourcesOf(objects)))
        const received = receive(sent).objects
        expect(received.map(({ value }) => value)).toEqual(round)
        expect(sent.fresh.map(([, value]) => value)).toEqual(round.filter((value) => !before.has(value)))
        for (const object of received) expect(before.get(object.value) ?? object).toBe(object)
        before = new Map(received.map((object) => [object.value, object]))
      }
    }),
  )
})
