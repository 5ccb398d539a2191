import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalisePath, normaliseTarget } from '../../src/istio/normalise-path.ts'

describe('a path as a sidecar sees it', () => {
  test.for<[string, string | undefined]>([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/a/b/../..', '/'],
    ['/a//../b', '/a/b'],
    ['//../a', '/a'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/a/%2e/b', '/a/b'],
    ['/a%2eb', '/a.b'],
    ['/...', '/...'],
    ['/.a', '/.a'],
    ['/..a', '/..a'],
    ['/a./b', '/a./b'],
    ['/a../b', '/a../b'],
    ['/a\\b', '/a/b'],
    ['/a\\..\\b', '/b'],
    ['/a/..\\b', '/b'],
    ['/%61', '/a'],
    ['/%7E%2D%5F%2e', '/~-_.'],
    ['/%2f', '/%2f'],
    ['/%2F', '/%2F'],
    ['/%5b%5B', '/%5b%5B'],
    ['/%20', '/%20'],
    ['/%ff', '/%ff'],
    ['/"<>^`{|}', '/%22%3C%3E%5E%60%7B%7C%7D'],
    ["/!$&'()*+,;=:@[]", "/!$&'()*+,;=:@[]"],
    ['//', '//'],
    ['/a//b', '/a//b'],
    ['/a#f', '/a'],
    ['/a#f?x', '/a'],
    ['/a?x#f', '/a'],
    ['/a?x=/../b', '/a'],
    ['/%', '/%'],
    ['/%zz', '/%zz'],
    ['/%2', '/%2'],
    ['/%%37E', '/%257E'],
    ['/%%34%31', '/%2541'],
    ['/%2%65', '/%252e'],
    ['/%%32e', '/%252e'],
    ['/%%30%30', '/%2500'],
    ['/%x/../%61%62c', '/abc'],
    ['/%00', undefined],
    ['/a/%00', undefined],
    ['/a?%00', '/a'],
    ['/ä', undefined],
    ['/a?ä', undefined],
    ['/a b', undefined],
    ['/a\u007f', undefined],
    ['/a\n', undefined],
    ['', undefined],
    ['a', undefined],
    ['?x', undefined],
    ['*', '/*'],
    ['/.;/a', '/a'],
    ['/a/.;x', '/a/'],
    ['/a/..;/b', '/b'],
    ['/a/..;x=1/b', '/b'],
    ['/a/..;', '/'],
    ['/a/..;x/../b', '/b'],
    ['/a/..;x\\b', '/'],
    ['/a/..;?x', '/'],
    ['/a\\..;/b', '/a/..;/b'],
    ['/a/.%2e;/b', '/a/..;/b'],
    ['/a/%2e;/b', '/a/.;/b'],
    ['/a/..%3b/b', '/a/..%3b/b'],
    ['/a/...;/b', '/a/...;/b'],
    ['/a;x/b', '/a;x/b'],
  ])('%s is %s', ([raw, expected]) => {
    expect(normalisePath(raw)).toBe(expected)
  })

  test('keeps the query as it came', () => {
    expect(normaliseTarget('/a/../%61?x=%61&y=/../')).toEqual({ path: '/a', query: '?x=%61&y=/../' })
  })

  const raw = fc
    .array(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '%2e',
        '%2E',
        '%',
        '%25',
        '%61',
        '%7e',
        '%2f',
        '2',
        'e',
        '7',
        'E',
        'a',
        '\\',
        '|',
        '%3',
        '?',
        '#',
        '//',
      ),
      { maxLength: 14 },
    )
    .map((parts) => `/${parts.join('')}`)

  test('is normal once it is normalised (parameters apart, which are only cut from dots that are not escaped)', () => {
    fc.assert(
      fc.property(raw, (target) => {
        const once = normalisePath(target)
        if (once !== undefined) expect(normalisePath(once)).toBe(once)
      }),
      { numRuns: 5000 },
    )
  })

  test('has no dot segment, no backslash and no query left', () => {
    fc.assert(
      fc.property(raw, (target) => {
        const path = normalisePath(target) ?? '/'
        expect(path).toMatch(/^\/[^\\?#]*$/)
        expect(path.split('/').filter((segment) => segment === '.' || segment === '..')).toEqual([])
      }),
      { numRuns: 5000 },
    )
  })

  test('is read at any length', () => {
    const long = '/a'.repeat(8_000_000)
    expect(normalisePath(long)).toHaveLength(long.length)
  })

  test('takes time in proportion to its length', () => {
    const start = performance.now()
    for (const part of ['/.a', '/..', '/a/..', '%', '%%37', '/%2e%2e', '/a']) normalisePath(`/${part.repeat(200_000)}`)
    expect(performance.now() - start).toBeLessThan(3000)
  })
})
