/** What the bridge says once while it lasts, and no more. */
import { expect, test } from 'vitest'
import { createNews } from '../../src/serve/news.ts'

test('the first of a kind is news, its like only after a minute, with their number', () => {
  let at = 0
  const news = createNews(() => at)
  expect(news.count('a')).toBe(1)
  for (at = 1_000; at < 60_000; at += 1_000) expect(news.count('a')).toBeUndefined()
  expect(news.count('b')).toBe(1)
  expect(news.count('a')).toBe(60)
  expect(news.count('a')).toBeUndefined()
})

test('what was forgotten is news again', () => {
  const news = createNews(() => 0)
  expect(news.count('a')).toBe(1)
  news.forget()
  expect(news.count('a')).toBe(1)
})

test('however many kinds somebody makes up, few are kept', () => {
  const news = createNews(() => 0)
  expect(news.count('first')).toBe(1)
  for (let kind = 0; kind < 64; kind += 1) news.count(String(kind))
  expect(news.count('first')).toBe(1)
})
