import { describe, expect, test } from 'vitest'
import { judge, type Forecast, type Outcome } from '../../src/demo/attempt.ts'
import { createRows } from '../../src/demo/show.ts'

const yes: Forecast = { allowed: true, because: 'orders.yaml:9' }
const no: Forecast = { allowed: false, because: 'no rule grants it' }
const plain = (text: string): string => text

describe('an attempt', () => {
  test.each<[string, Forecast, Outcome, boolean]>([
    ['allowed and done', yes, { allowed: true, said: 'accepted' }, true],
    ['denied and refused', no, { allowed: false, said: 'permission violation' }, true],
    ['allowed and refused', yes, { allowed: false, said: 'permission violation' }, false],
    ['denied and done', no, { allowed: true, said: 'accepted' }, false],
    ['allowed and neither', yes, { allowed: undefined, said: 'nobody answers' }, false],
    ['denied and neither', no, { allowed: undefined, said: 'nobody answers' }, false],
    ['placed in another account', { ...yes, account: 'A' }, { allowed: true, said: '', account: 'B' }, false],
    [
      'refused for another reason',
      { ...no, code: 'ACCOUNT_NONE' },
      { allowed: false, said: '', code: 'TOKEN_EXPIRED' },
      false,
    ],
    [
      'refused for this reason',
      { ...no, code: 'TOKEN_EXPIRED' },
      { allowed: false, said: '', code: 'TOKEN_EXPIRED' },
      true,
    ],
  ])('%s', (_name, forecast, outcome, agrees) => {
    expect(judge('shop/orders', 'publish a', forecast, outcome).agrees).toBe(agrees)
  })
})

describe('the rows', () => {
  const done = judge('shop/orders', 'publish a', yes, { allowed: true, said: 'accepted' })
  const wrong = judge('shop/web', 'subscribe _INBOX_c13b0541845a2995748576404eefa83c.>', no, {
    allowed: true,
    said: 'listening',
  })
  const login = judge(
    'shop/web',
    'log in',
    { ...no, code: 'TOKEN_EXPIRED' },
    {
      allowed: false,
      said: 'login refused',
      code: 'TOKEN_EXPIRED',
      decisionId: 'a-1',
    },
  )

  test('stand in the same columns wherever they are shown, under the heading of their group', () => {
    const rows = createRows([done, wrong, login], plain)
    const groups = [
      { who: 'shop/web', about: 'web' },
      { who: 'nobody', about: 'empty' },
      { who: 'shop/orders', about: 'orders' },
    ]
    expect([rows.header, ...rows.grouped([done, wrong, login], groups), ...rows.of([done])]).toEqual([
      '                                    the policy said    the server did',
      'shop/web  web',
      ' ✗ subscribe _INBOX_c13b05….>  no   no rule grants it  listening',
      ' ✓ log in                      no   no rule grants it  login refused',
      '     └ recorded as TOKEN_EXPIRED, decision a-1',
      '',
      'shop/orders  orders',
      ' ✓ publish a                   yes  orders.yaml:9      accepted',
      '',
      ' ✓ publish a                   yes  orders.yaml:9      accepted',
    ])
  })

  test('are coloured by what is allowed and what is not; a line that disagrees is red from end to end', () => {
    const paint = (text: string, tone: string): string => `<${tone} ${text}>`
    const rows = createRows([done, login, wrong], paint)
    const spaced = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replaceAll(/ +>/g, '>'))
    expect(spaced(rows.of([done, login]))).toEqual([
      ' <good ✓> publish a                   <good yes>  <dim orders.yaml:9>  <good accepted>',
      ' <good ✓> log in                      <bad no>  <dim no rule grants it>  <bad login refused>',
      '     <dim └ recorded as TOKEN_EXPIRED, decision a-1>',
    ])
    expect(spaced(rows.of([wrong]))).toEqual([
      ' <bad ✗ subscribe _INBOX_c13b05….>>  <bad no>  <bad no rule grants it>  <bad listening>',
    ])
  })
})
