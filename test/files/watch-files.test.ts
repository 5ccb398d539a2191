import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemScheduler, watchFiles, type Loaded, type Scheduler, type WatchTiming } from '../../src/files/index.ts'
import { deferred } from '../support/deferred.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Watches and notes what each load read. */
async function watching(paths: string[], read: () => string, timing: WatchTiming = {}): Promise<string[]> {
  const loads: string[] = []
  const load = async (): Promise<Loaded> => {
    loads.push(read())
    return 'done'
  }
  const watch = watchFiles({ paths, load, settleMs: 20, ...timing })
  onTestFinished(() => watch.close())
  await watch.ready
  return loads
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return 'gone'
  }
}

/** So slow that whatever is seen was noticed. */
const slowPoll: WatchTiming = { pollMs: 600_000 }
const soon = { timeout: 10_000, interval: 5 }

describe('watching with notices', () => {
  test('loads at once, and not again while nothing changes', async () => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    const loads = await watching([path], () => textOf(path), { pollMs: 5 })
    expect(loads).toEqual(['one'])
    const looks = vi.fn(() => 'marker')
    await watching([path], looks, { pollMs: 5 })
    // A second watch with the same poll has looked often by the time that a change is noticed.
    folder.replace('key', 'two')
    await expect.poll(() => looks.mock.calls.length, soon).toBe(2)
    await expect.poll(() => loads, soon).toEqual(['one', 'two'])
  })

  test.for<[string, (folder: ReturnType<typeof tempFolder>) => void]>([
    ['written in place', (folder) => writeFileSync(folder.at('key'), 'two')],
    ['renamed over', (folder) => folder.replace('key', 'two')],
  ])('notices a file that is %s', async ([, change]) => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    const loads = await watching([path], () => textOf(path), slowPoll)
    change(folder)
    await expect.poll(() => loads, soon).toEqual(['one', 'two'])
  })

  test('notices that a file vanishes and comes back', async () => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    const loads = await watching([path], () => textOf(path), slowPoll)
    folder.remove('key')
    await expect.poll(() => loads, soon).toEqual(['one', 'gone'])
    folder.write('key', 'two')
    await expect.poll(() => loads, soon).toEqual(['one', 'gone', 'two'])
  })

  test('notices the link swap of a Kubernetes mount, each time', async () => {
    const folder = tempFolder()
    folder.mount('v1', { key: 'one' })
    const path = folder.at('key')
    const loads = await watching([path], () => textOf(path), slowPoll)
    folder.mount('v2', { key: 'two' })
    await expect.poll(() => loads, soon).toEqual(['one', 'two'])
    folder.mount('v3', { key: 'three' })
    await expect.poll(() => loads, soon).toEqual(['one', 'two', 'three'])
  })

  test('notices changes anywhere below a folder, in new folders too', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'a')
    const loads = await watching([folder.path], () => textOf(folder.at('team/x.yaml')), slowPoll)
    folder.write('team/x.yaml', 'one')
    await expect.poll(() => loads.at(-1), soon).toBe('one')
    writeFileSync(folder.at('team/x.yaml'), 'changed')
    await expect.poll(() => loads.at(-1), soon).toBe('changed')
  })

  test('waits until a file that is being written holds still', async () => {
    const folder = tempFolder()
    const path = folder.write('policy.yaml', 'start')
    const loads = await watching([path], () => textOf(path), { ...slowPoll, settleMs: 60 })
    let lines = 0
    const writing = everyFewMilliseconds(() => {
      lines += 1
      appendFileSync(path, `\nline ${lines}`)
      return lines < 30
    })
    await writing
    await expect.poll(() => loads.length, soon).toBe(2)
    expect(loads.at(-1)).toContain('line 30')
  })

  test('loses patience with a file that is written without end', async () => {
    const folder = tempFolder()
    const path = folder.write('log', 'start')
    let go = true
    const loads = await watching([path], () => 'read', { ...slowPoll, settleMs: 60, patienceMs: 200 })
    const writing = everyFewMilliseconds(() => {
      appendFileSync(path, 'x')
      return go
    })
    await expect.poll(() => loads.length, soon).toBeGreaterThan(1)
    go = false
    await writing
  })

  test('is not disturbed by busy neighbours of a watched file', async () => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    const scheduled: number[] = []
    const scheduler: Scheduler = {
      after(milliseconds, task) {
        scheduled.push(milliseconds)
        return systemScheduler.after(milliseconds, task)
      },
    }
    const loads = await watching([path], () => textOf(path), { ...slowPoll, scheduler })
    let lines = 0
    await everyFewMilliseconds(() => {
      lines += 1
      appendFileSync(folder.at('access.log'), 'x')
      return lines < 60
    })
    expect(scheduled).toEqual([slowPoll.pollMs])
    folder.replace('key', 'two')
    await expect.poll(() => loads, soon).toEqual(['one', 'two'])
  })
})

describe('watching without notices', () => {
  const pollOnly: WatchTiming = { notices: false, pollMs: 20 }

  test('finds every kind of change by looking', async () => {
    const folder = tempFolder()
    folder.mount('v1', { key: 'one' })
    const path = folder.at('key')
    const loads = await watching([path], () => textOf(path), pollOnly)
    folder.mount('v2', { key: 'two' })
    await expect.poll(() => loads, soon).toEqual(['one', 'two'])
    folder.remove('key')
    await expect.poll(() => loads.at(-1), soon).toBe('gone')
    folder.write('key', 'three')
    await expect.poll(() => loads.at(-1), soon).toBe('three')
  })

  test('finds a folder that vanished and came back', async () => {
    const folder = tempFolder()
    folder.write('policy/a.yaml', 'one')
    const loads = await watching([folder.at('policy')], () => textOf(folder.at('policy/a.yaml')), pollOnly)
    renameSync(folder.at('policy'), folder.at('aside'))
    await expect.poll(() => loads.at(-1), soon).toBe('gone')
    mkdirSync(folder.at('policy'))
    folder.write('policy/a.yaml', 'two')
    await expect.poll(() => loads.at(-1), soon).toBe('two')
  })

  test('looks once per poll interval of the scheduler it is given, and never after it was closed', async () => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    const pending: { milliseconds: number; task: () => void }[] = []
    const scheduler: Scheduler = {
      after(milliseconds, task) {
        const entry = { milliseconds, task }
        pending.push(entry)
        return () => void pending.splice(pending.indexOf(entry), 1)
      },
    }
    const loads: string[] = []
    const load = async (): Promise<Loaded> => {
      loads.push(textOf(path))
      return 'done'
    }
    const watch = watchFiles({ paths: [path], load, scheduler, notices: false, pollMs: 777, settleMs: 33 })
    await watch.ready
    expect(pending.map(({ milliseconds }) => milliseconds)).toEqual([777])
    folder.replace('key', 'two')
    pending.shift()?.task()
    await expect.poll(() => pending.map(({ milliseconds }) => milliseconds), soon).toEqual([33])
    expect(loads).toEqual(['one'])
    pending.shift()?.task()
    await expect.poll(() => pending.map(({ milliseconds }) => milliseconds), soon).toEqual([777])
    expect(loads).toEqual(['one', 'two'])
    watch.close()
    expect(pending).toEqual([])
  })
})

describe('loading', () => {
  test('never runs twice at a time; a change during a load leads to another', async () => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    const first = deferred<void>()
    const loads: string[] = []
    let running = 0
    const load = async (): Promise<Loaded> => {
      running += 1
      expect(running).toBe(1)
      loads.push(textOf(path))
      if (loads.length === 1) await first.promise
      running -= 1
      return 'done'
    }
    const watch = watchFiles({ paths: [path], load, settleMs: 10, pollMs: 20 })
    onTestFinished(() => watch.close())
    await expect.poll(() => loads, soon).toEqual(['one'])
    folder.replace('key', 'two')
    first.resolve()
    await expect.poll(() => loads, soon).toEqual(['one', 'two'])
  })

  test('is tried again without a change when it asked for that', async () => {
    const folder = tempFolder()
    const path = folder.write('key', 'one')
    let loads = 0
    const load = async (): Promise<Loaded> => {
      loads += 1
      return loads < 3 ? 'retry' : 'done'
    }
    const watch = watchFiles({ paths: [path], load, pollMs: 10, settleMs: 5 })
    onTestFinished(() => watch.close())
    await expect.poll(() => loads, soon).toBe(3)
    folder.replace('key', 'two')
    await expect.poll(() => loads, soon).toBe(4)
  })
})

/** Runs a step on every few turns of the timer until it answers false. */
function everyFewMilliseconds(step: () => boolean): Promise<void> {
  const done = deferred<void>()
  const run = (): void => {
    if (step()) systemScheduler.after(4, run)
    else done.resolve()
  }
  run()
  return done.promise
}
