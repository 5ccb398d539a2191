import { describe, expect, test } from 'vitest'
import type { Scheduler } from '../../src/files/index.ts'
import { createGathering } from '../../src/sources/gathering.ts'

/** Time in a test's hand. */
function clock(): { now: () => number; scheduler: Scheduler; pass(milliseconds: number): void } {
  let time = 1_000
  let tasks: { at: number; task: () => void }[] = []
  return {
    now: () => time,
    scheduler: {
      after(milliseconds, task) {
        const entry = { at: time + milliseconds, task }
        tasks.push(entry)
        return () => void (tasks = tasks.filter((one) => one !== entry))
      },
    },
    pass(milliseconds) {
      const end = time + milliseconds
      for (;;) {
        const [next] = tasks.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        tasks = tasks.filter((one) => one !== next)
        time = Math.max(time, next.at)
        next.task()
      }
      // Work that took time itself went further.
      time = Math.max(time, end)
    },
  }
}

function gathering(workMs = 0): { times: number[]; note: () => void; close: () => void; pass: (ms: number) => void } {
  const { now, scheduler, pass } = clock()
  const times: number[] = []
  const work = (): void => {
    times.push(now() - 1_000)
    pass(workMs)
  }
  const { note, close } = createGathering({ work, now, scheduler, settleMs: 50, patienceMs: 500 })
  return { times, note, close, pass }
}

describe('gathering', () => {
  test('works once a burst has settled', () => {
    const { times, note, pass } = gathering()
    for (let at = 0; at < 200; at += 20) {
      note()
      pass(20)
    }
    pass(1_000)
    expect(times).toEqual([230])
  })

  test('loses patience with a burst that does not end', () => {
    const { times, note, pass } = gathering()
    for (let at = 0; at < 1_200; at += 10) {
      note()
      pass(10)
    }
    expect(times).toEqual([500, 1_000])
  })

  test('leaves most of the time to others when the work takes long', () => {
    const { times, note, pass } = gathering(300)
    for (let at = 0; at < 4_000; at += 10) {
      note()
      pass(10)
    }
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(pauses.length).toBeGreaterThan(1)
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5 * 300)
  })

  test('works for a lone change after the shortest time, and never again without one', () => {
    const { times, note, pass } = gathering()
    note()
    pass(10_000)
    expect(times).toEqual([50])
  })

  test('works no more once it is closed', () => {
    const { times, note, close, pass } = gathering()
    note()
    close()
    pass(10_000)
    expect(times).toEqual([])
  })
})
