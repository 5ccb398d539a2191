import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesTemplate, parseTemplate, templateProblem } from '../../src/istio/path-template.ts'

const matches = (template: string, path: string) => matchesTemplate(parseTemplate(template), path)

describe('a path template', () => {
  const rows: { template: string; yes: string[]; no: string[] }[] = [
    { template: '/a/{*}', yes: ['/a/x', '/a/x.y', '/a/*', '/a/='], no: ['/a', '/a/', '/a/x/', '/a/x/y', '/A/x'] },
    {
      template: '/allow/admin/{**}',
      yes: ['/allow/admin/', '/allow/admin/x', '/allow/admin/x/y/'],
      no: ['/allow/admin', '/allow/adminx'],
    },
    {
      template: '/store/{**}/cart',
      yes: ['/store//cart', '/store/a/cart', '/store/a/b/cart'],
      no: ['/store/cart', '/store/a/cart/', '/store/a/carts'],
    },
    {
      template: '/foo/{*}/bar/{**}',
      yes: ['/foo/a/bar/', '/foo/a/bar/x/y'],
      no: ['/foo//bar/x', '/foo/a/bar', '/foo/a/b/bar/x'],
    },
    { template: '/{*}/{*}', yes: ['/a/b'], no: ['/a', '/a/', '//b', '/a/b/c'] },
    { template: '/{**}', yes: ['/', '/a/b', '//'], no: ['', 'a'] },
    { template: '/{*}/', yes: ['/a/'], no: ['/a', '/a/b'] },
    { template: '/{*}/a/', yes: ['/x/a/'], no: ['/x/a', '/x/a//'] },
    { template: '/{**}/a/', yes: ['/x/a/', '//a/'], no: ['/a/', '/x/a'] },
    { template: '/a.b+$/{*}', yes: ['/a.b+$/x'], no: ['/axb+$/x', '/a.bb$/x'] },
    { template: '/x/{*}', yes: ['/x/%5B', "/x/-._~%!$&'()*+,;:@="], no: ['/x/[', '/x/]', '/x/[a]'] },
    { template: '/x/{**}', yes: ['/x/%5B/y'], no: ['/x/[', '/x/a/]'] },
  ]
  test.for(rows)('$template', ({ template, yes, no }) => {
    expect(templateProblem(template)).toBeUndefined()
    expect(yes.filter((path) => !matches(template, path))).toEqual([])
    expect(no.filter((path) => matches(template, path))).toEqual([])
  })

  test.for([
    '{*}/x',
    'a/{*}',
    '/{**}/{*}',
    '/{**}/x/{**}',
    '/{*}x',
    '/x{*}',
    '/{*}/{name}',
    '/{*}/*',
    '/{*}/a*',
    '/{*}//x',
    '/{*}/a b',
    '/{*}/é',
    '/{*}/a?x',
    '/{***}/{*}',
    '/{{*}}',
    '//{*}',
    '//a/{*}',
    '/{*}//',
    '/{**}//',
    '/{*}/b//',
  ])('%s is refused', (template) => {
    expect(templateProblem(template)).toMatch(/./)
  })

  test('matches what the regular expression that Envoy builds of it matches', () => {
    const segment = fc.constantFrom('a', 'b.c', '{*}')
    const path = fc.array(fc.constantFrom('a', 'b.c', 'bxc', '[', '', '%5B', '*'), { minLength: 1, maxLength: 5 })
    const template = fc
      .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean(), fc.array(fc.constantFrom('a', 'b.c'), { maxLength: 2 }))
      .map(([before, rest, after]) => `/${[...before, ...(rest ? ['{**}', ...after] : [])].join('/')}`)
    fc.assert(
      fc.property(template, path, (written, segments) => {
        const tried = `/${segments.join('/')}`
        expect(matches(written, tried)).toBe(regularExpression(written).test(tried))
      }),
      { numRuns: 3000 },
    )
  })

  test('costs no more than the path is long', () => {
    const template = parseTemplate(`/${'{*}/'.repeat(200)}{**}/${'a/'.repeat(200)}a`)
    const start = performance.now()
    for (let i = 0; i < 100; i++) matchesTemplate(template, `/${'a/'.repeat(20_000)}`)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

function regularExpression(template: string): RegExp {
  const character = String.raw`[a-zA-Z0-9\-._~%!$&'()*+,;:@=]`
  const source = template
    .split('/')
    .map((segment) => {
      if (segment === '{*}') return `${character}+`
      if (segment === '{**}') return `(?:${character}|/)*`
      return segment.replaceAll(/[.+$*]/g, String.raw`\$&`)
    })
    .join('/')
  return new RegExp(`^${source}$`)
}
