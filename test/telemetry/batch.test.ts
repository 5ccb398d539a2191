import { expect, test } from 'vitest'
import { createBatch } from '../../src/telemetry/batch.ts'

function createRig() {
  const emitted: string[] = []
  const timers: (() => void)[] = []
  const batch = createBatch({
    emit: (text) => void emitted.push(text),
    after: (_, callback) => void timers.push(callback),
  })
  return { batch, emitted, timers }
}

test('a lone line is handed on when its time has come', () => {
  const { batch, emitted, timers } = createRig()
  batch.write('a\n')
  batch.write('b\n')
  expect(emitted).toEqual([])
  expect(timers).toHaveLength(1)
  timers[0]?.()
  expect(emitted).toEqual(['a\nb\n'])
})

test('a full piece is handed on at once, and nothing is lost or doubled', () => {
  const { batch, emitted, timers } = createRig()
  const lines = Array.from({ length: 1000 }, (_, index) => `${String(index).padStart(99, '.')}\n`)
  for (const line of lines) batch.write(line)
  expect(emitted.length).toBeGreaterThan(1)
  while (timers.length > 0) timers.shift()?.()
  expect(emitted.join('')).toBe(lines.join(''))
})

test('flush hands on what is there, once', () => {
  const { batch, emitted, timers } = createRig()
  batch.write('a\n')
  batch.flush()
  batch.flush()
  timers[0]?.()
  expect(emitted).toEqual(['a\n'])
})
