import { describe, expect, test } from 'vitest'
import { createCleanup } from '../../src/dev/cleanup.ts'
import { DeadlineError, eventually, until, within } from '../../src/dev/deadline.ts'

describe('waiting', () => {
  test('ends with an error that says what was waited for', async () => {
    await expect(within(new Promise(() => undefined), 20, 'an answer')).rejects.toThrow(
      new DeadlineError('an answer', 20),
    )
    await expect(eventually(() => undefined, 20, 'a snapshot')).rejects.toThrow(
      'a snapshot did not happen within 0.02 s',
    )
  })

  test('gives what came in time, and the error of what failed', async () => {
    expect(await within(Promise.resolve(1), 1000, 'a value')).toBe(1)
    await expect(within(Promise.reject(new Error('broken')), 1000, 'a value')).rejects.toThrow('broken')
    let looks = 0
    expect(await eventually(() => ((looks += 1) > 2 ? looks : undefined), 1000, 'a third look')).toBe(3)
  })

  test('for an interruption ends at once when it has happened already', async () => {
    expect(await until(AbortSignal.abort())).toBeUndefined()
    const controller = new AbortController()
    const waiting = until(controller.signal)
    controller.abort()
    expect(await waiting).toBeUndefined()
  })
})

describe('cleanup', () => {
  test('stops in the opposite order, everything even when one part fails, and only once', async () => {
    const stopped: string[] = []
    const cleanup = createCleanup()
    cleanup.add('server', () => void stopped.push('server'))
    cleanup.add('bridge', () => Promise.reject(new Error('stuck')))
    cleanup.add('client', async () => void stopped.push('client'))
    await expect(cleanup.run()).rejects.toThrow('bridge did not stop')
    expect(stopped).toEqual(['client', 'server'])
    await cleanup.run()
    expect(stopped).toEqual(['client', 'server'])
  })

  test('does not wait for ever for a part that hangs', async () => {
    const stopped: string[] = []
    const cleanup = createCleanup(20)
    cleanup.add('server', () => void stopped.push('server'))
    cleanup.add('bridge', () => new Promise(() => undefined))
    await expect(cleanup.run()).rejects.toThrow('bridge did not stop')
    expect(stopped).toEqual(['server'])
  })
})
