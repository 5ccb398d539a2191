/** The review of the demo shop as a document, and what hostile names do to it: nothing. */
import { describe, expect, test } from 'vitest'
import { reviewAccount, type Member, type Review } from '../../src/audit/review.ts'
import { loadSnapshot } from '../../src/cli/load-snapshot.ts'
import { reviewCsv, reviewMarkdown } from '../../src/cli/show-review.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'

const SHOP = 'test/support/shop-policy'

async function reviewShop(): Promise<Review> {
  const loaded = await loadSnapshot([SHOP], {
    trustDomain: 'cluster.local',
    trustDomainAliases: [],
    rootNamespace: 'istio-system',
  })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const { snapshot, serviceAccounts } = loaded.value
  return reviewAccount(snapshot, serviceAccounts, createDecide(sha256Hex), 'SHOP')
}

describe('the review of the demo shop', () => {
  test('sums up on top', async () => {
    const review = await reviewShop()
    const lines = reviewMarkdown(review, '2026-11-21').split('\n')
    expect(lines.slice(0, 16)).toEqual([
      '# Access review of account `SHOP`',
      '',
      `Day 2026-11-21. Policy snapshot \`${review.snapshotId}\`.`,
      '',
      '|  |  |',
      '| --- | --- |',
      '| principals | 4 |',
      '| patterns of principals | 2 |',
      '| log in and may do nothing | 1 |',
      '| refused | 0 |',
      '| entries with wildcards | 1 |',
      '| may publish everything | nobody |',
      '| may subscribe to everything | nobody |',
      '| DENY rules in force | 1 |',
      '| complete | yes |',
      '',
    ])
    expect(lines.filter((line) => line.startsWith('## '))).toEqual([
      '## Principals',
      '## Principals that are described, not named',
      '## DENY rules in force',
    ])
  })

  test('has a table for each principal', async () => {
    const text = reviewMarkdown(await reviewShop())
    expect(text).toContain(
      [
        '### `any end user in group support`',
        '',
        '- lives here by AccountMap shop[0] (test/support/shop-policy/accounts.yaml:8), private inbox',
        '',
        '| action |  | entry | rules |',
        '| --- | --- | --- | --- |',
        '| publish | allow | `shop.orders.status` | SubjectPolicy shop/support[0] (test/support/shop-policy/support.yaml:11) |',
        '| subscribe | allow | `_INBOX_<own>.>` | own inbox |',
      ].join('\n'),
    )
    expect(text).not.toMatch(/\n\n\n/)
    expect(text).toContain('\n\nPolicy snapshot `')
  })

  test('is one line of CSV for each entry and rule', async () => {
    const lines = reviewCsv(await reviewShop()).split('\r\n')
    expect(lines[0]).toBe('account,principal,named,login,action,effect,entry,rule,written in,snapshot')
    expect(lines.filter((line) => line.includes('sa/payments')).map((line) => line.split(',').slice(4, 9))).toEqual([
      ['publish', 'deny', '>', 'nothing is granted', ''],
      [
        'subscribe',
        'allow',
        'shop.payments.charge payments',
        'SubjectPolicy shop/payments[0]',
        'test/support/shop-policy/payments.yaml:11',
      ],
      [
        'subscribe',
        'allow',
        'shop.payments.refund payments',
        'SubjectPolicy shop/payments[0]',
        'test/support/shop-policy/payments.yaml:11',
      ],
    ])
  })
})

const EVIL = '=cmd|"/c calc"!A1`\u001b[2J\n# heading <script>x</script> [a](http://evil) *b*'

const member: Member = {
  principal: EVIL,
  known: true,
  alsoAs: [EVIL],
  inbox: 'shared',
  accountRules: [{ kind: 'AccountMap', name: EVIL, file: EVIL }],
  entries: [
    { action: 'publish', effect: 'allow', entry: EVIL, rules: [{ kind: 'SubjectPolicy', name: EVIL, file: EVIL }] },
  ],
  resp: { max: 1, ttl: 1e9 },
  limits: { maxSessionSeconds: 60, connectionTypes: ['nats'] },
  shortfalls: [{ pattern: EVIL, reason: EVIL }],
}

const evil: Review = {
  account: EVIL,
  snapshotId: 'id',
  summary: {
    principals: 1,
    patterns: 0,
    idle: 0,
    refused: 1,
    wildcards: 0,
    publishEverything: [{ principal: EVIL, without: [EVIL] }],
    subscribeEverything: [],
    denies: 1,
  },
  members: [member],
  refused: [{ principal: EVIL, known: true, code: 'ACCOUNT_CONFLICT', rules: [{ kind: 'AccountMap', name: EVIL }] }],
  denies: [{ kind: 'SubjectPolicy', name: EVIL }],
  complete: false,
  gaps: [{ code: 'c', message: EVIL, hint: EVIL }],
}

describe('names that are meant to harm', () => {
  test('stay names in markdown: no markup, no HTML, no links, no control characters, no cells of their own', () => {
    const text = reviewMarkdown(evil, EVIL)
    expect(text).not.toMatch(/[^\P{Cc}\n]/u)
    for (const line of text.split('\n')) {
      const outside = line.replaceAll(/`` .*? ``(?!`)/g, 'CODE')
      expect(outside).not.toMatch(/(^|[^\\])<script/)
      expect(outside).not.toMatch(/\]\(/)
      expect(line.startsWith('# heading')).toBe(false)
    }
    const cellsOf = (line: string): number => line.split(/(?<!\\)\|/).length
    const row = text.split('\n').find((line) => line.startsWith('| publish |'))
    expect(cellsOf(row ?? '')).toBe(cellsOf('| action |  | entry | rules |'))
  })

  test('cannot end the code that they stand in', () => {
    const name = 'a``b```c'
    expect(reviewMarkdown({ ...evil, account: name })).toContain(`# Access review of account \`\`\`\` ${name} \`\`\`\``)
  })

  test('stay names in a spreadsheet', () => {
    for (const line of reviewCsv(evil).split('\r\n').slice(1)) {
      expect(line).toMatch(/^"'=cmd/)
      expect(line).not.toMatch(/(^|,)"?=/)
    }
  })

  test('are told together with limits, replies, and what could not be said', () => {
    const text = reviewMarkdown(evil)
    for (const part of [
      '1 reply each, within 1 s',
      'at most 60 s',
      'connects as nats',
      'given less: ',
      '## Refused',
      '## What this review does not know',
      'no, see the end',
    ]) {
      expect(text).toContain(part)
    }
  })
})
