/** What is printed of who-can: the demo shop's answers as they stand, and the parts that it has no example of. */
import { describe, expect, test } from 'vitest'
import { createRoundabout } from '../../src/audit/roundabout/ways.ts'
import type { Way } from '../../src/audit/roundabout/way.ts'
import { createWhoCan, type WhoCan } from '../../src/audit/who-can.ts'
import type { Holder } from '../../src/audit/holders/holder.ts'
import { loadSnapshot } from '../../src/cli/load-snapshot.ts'
import { printWhoCan, whoCanCsv } from '../../src/cli/show-who-can.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { captureOutput } from '../support/captured-output.ts'
import { pattern } from '../support/policy-arbitraries.ts'

const SHOP = 'test/support/shop-policy'

async function askShop(action: 'publish' | 'subscribe', subject: string): Promise<WhoCan> {
  const loaded = await loadSnapshot([SHOP], {
    trustDomain: 'cluster.local',
    trustDomainAliases: [],
    rootNamespace: 'istio-system',
  })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const { snapshot, serviceAccounts } = loaded.value
  return createWhoCan(snapshot, serviceAccounts, createDecide(sha256Hex))({ action, pattern: pattern(subject) })
}

function printed(answer: WhoCan): string[] {
  const { output, out } = captureOutput()
  printWhoCan(answer, output)
  return out().split('\n').slice(0, -1)
}

describe('the demo shop', () => {
  test('says who may publish one subject, in one line', async () => {
    expect(printed(await askShop('publish', 'shop.orders.create'))).toEqual([
      'who can publish shop.orders.create',
      '',
      'principal                              account  what  rule                       written in',
      'spiffe://cluster.local/ns/shop/sa/web  SHOP     all   SubjectPolicy shop/web[0]  test/support/shop-policy/web.yaml:11',
      '',
      'complete: nobody else can',
    ])
  })

  test('says which part of a pattern each has, and who is only described', async () => {
    expect(printed(await askShop('publish', 'shop.>'))).toEqual([
      'who can publish shop.>',
      '',
      'principal                                 account  what                  rule                          written in',
      'spiffe://cluster.local/ns/shop/sa/orders  SHOP     shop.orders.created   SubjectPolicy shop/orders[2]  test/support/shop-policy/orders.yaml:15',
      '                                                   shop.payments.charge  SubjectPolicy shop/orders[1]  test/support/shop-policy/orders.yaml:14',
      'spiffe://cluster.local/ns/shop/sa/web     SHOP     shop.orders.create    SubjectPolicy shop/web[0]     test/support/shop-policy/web.yaml:11',
      '                                                   shop.orders.status    SubjectPolicy shop/web[0]     test/support/shop-policy/web.yaml:11',
      '',
      'and, not named                 account  what                rule                           written in',
      'any end user in group support  SHOP     shop.orders.status  SubjectPolicy shop/support[0]  test/support/shop-policy/support.yaml:11',
      '',
      'complete: nobody else can',
    ])
  })

  test('says that a subscription is for members of a queue group', async () => {
    expect(printed(await askShop('subscribe', 'shop.payments.charge'))).toContain(
      'spiffe://cluster.local/ns/shop/sa/payments  SHOP     shop.payments.charge payments  SubjectPolicy shop/payments[0]  test/support/shop-policy/payments.yaml:11',
    )
  })

  test('says when nobody can', async () => {
    expect(printed(await askShop('publish', 'warehouse.stock'))).toEqual([
      'who can publish warehouse.stock',
      '',
      'nobody: no rule grants any of it to anybody who can log in',
      '',
      'complete: nobody else can',
    ])
  })

  test('is a table of one line for each entry and rule, too', async () => {
    const lines = whoCanCsv(await askShop('publish', 'shop.orders.*')).split('\r\n')
    expect(lines[0]).toBe(
      'action,pattern,queue,principal,named,account,extent,subject,without,by,rule,written in,snapshot',
    )
    expect(lines.slice(1).map((line) => line.split(',').slice(0, -1).join(','))).toEqual([
      'publish,shop.orders.*,,spiffe://cluster.local/ns/shop/sa/orders,yes,SHOP,part,shop.orders.created,,permission,SubjectPolicy shop/orders[2],test/support/shop-policy/orders.yaml:15',
      'publish,shop.orders.*,,spiffe://cluster.local/ns/shop/sa/web,yes,SHOP,part,shop.orders.create,,permission,SubjectPolicy shop/web[0],test/support/shop-policy/web.yaml:11',
      'publish,shop.orders.*,,spiffe://cluster.local/ns/shop/sa/web,yes,SHOP,part,shop.orders.status,,permission,SubjectPolicy shop/web[0],test/support/shop-policy/web.yaml:11',
      'publish,shop.orders.*,,any end user in group support,no,SHOP,part,shop.orders.status,,permission,SubjectPolicy shop/support[0],test/support/shop-policy/support.yaml:11',
    ])
  })

  test('tells roundabout ways apart', async () => {
    const loaded = await loadSnapshot([SHOP], {
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      rootNamespace: 'istio-system',
    })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
    const { snapshot } = loaded.value
    const decide = createDecide(sha256Hex)
    const ways = createRoundabout(snapshot, [], decide)
    const answer = createWhoCan(
      snapshot,
      [],
      decide,
      ways,
    )({ action: 'publish', pattern: pattern('shop.orders.created') })
    const lines = printed(answer)
    if (answer.roundabout.length > 0) expect(lines).toContain('roundabout ways')
    for (const { message } of answer.gaps) expect(lines).toContain(`  ${message}`)
  })
})

const rule = { kind: 'SubjectPolicy', namespace: 'shop', name: 'x', rule: 0, file: 'x.yaml', line: 3 }

function holder(principal: string, more: Partial<Holder> = {}): Holder {
  const entries = more.entries ?? ['a.b']
  return {
    principal,
    known: true,
    account: 'SHOP',
    extent: 'part',
    entries,
    without: [],
    rules: [rule],
    parts: entries.map((entry) => ({ entry, rules: [rule] })),
    ...more,
  }
}

function answerOf(more: Partial<WhoCan>): WhoCan {
  return {
    action: 'subscribe',
    pattern: 'a.>',
    snapshotId: 'id',
    holders: [],
    roundabout: [],
    complete: true,
    gaps: [],
    ...more,
  }
}

const way: Way = {
  kind: 'direct-get',
  principal: 'any end user in group staff',
  known: false,
  account: 'SHOP',
  subjectAccount: 'SHOP',
  stream: 'ORDERS',
  uses: ['$JS.API.DIRECT.GET.ORDERS.a.b'],
  reaches: 'a.b',
  certain: false,
  explanation: 'stream ORDERS may store a.b',
  rules: [rule],
}

describe('an answer', () => {
  test('says what is cut out, and other names of the same principal', () => {
    const lines = printed(
      answerOf({ queue: 'q', holders: [holder('one', { without: ['a.b.c', 'a.d'], alsoAs: ['other'] })] }),
    )
    expect(lines.slice(0, 6)).toEqual([
      'who can subscribe a.> in queue group q',
      '',
      'principal        account  what           rule                     written in',
      'one              SHOP     a.b            SubjectPolicy shop/x[0]  x.yaml:3',
      '  also as other           without a.b.c',
      '                          without a.d',
    ])
  })

  test('cuts long lists with a count, and says how to have them all', () => {
    const holders = Array.from({ length: 53 }, (_, i) => holder(`p${String(i).padStart(2, '0')}`))
    const wide = holder('wide', { known: false, entries: ['1', '2', '3', '4', '5', '6'] })
    const lines = printed(answerOf({ holders: [...holders, wide], roundabout: Array.from({ length: 21 }, () => way) }))
    expect(lines.filter((line) => /^p\d\d /.test(line)).length).toBe(50)
    expect(lines).toContain('and 3 more: --json or --csv lists them all')
    expect(lines).toContain('and 1 more: --json or --csv lists them all')
    expect(lines).toContain('                         and 2 more')
  })

  test('says of a roundabout way what it uses, what it reaches, and whether it is sure', () => {
    const lines = printed(answerOf({ roundabout: [way, { ...way, certain: true }] }))
    expect(lines.slice(4, 11)).toEqual([
      'roundabout ways',
      'perhaps direct-get  any end user in group staff  SHOP',
      '  stream ORDERS may store a.b',
      '  reaches  a.b',
      '  uses     $JS.API.DIRECT.GET.ORDERS.a.b',
      '  by       SubjectPolicy shop/x[0]  x.yaml:3',
      'direct-get  any end user in group staff  SHOP',
    ])
    expect(whoCanCsv(answerOf({ roundabout: [way] }))).toContain(
      'any end user in group staff,no,SHOP,perhaps around,a.b,,direct-get through $JS.API.DIRECT.GET.ORDERS.a.b,SubjectPolicy shop/x[0],x.yaml:3',
    )
  })

  test('names some of those who go a roundabout way alike, and all of them for a spreadsheet', () => {
    const answer = answerOf({ roundabout: [{ ...way, alsoBy: ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'] }] })
    expect(printed(answer).slice(5, 14)).toEqual([
      'perhaps direct-get  any end user in group staff  SHOP',
      '  stream ORDERS may store a.b',
      '  also by  u1',
      '           u2',
      '           u3',
      '           u4',
      '           and 2 more',
      '  reaches  a.b',
      '  uses     $JS.API.DIRECT.GET.ORDERS.a.b',
    ])
    const lines = whoCanCsv(answer).split('\r\n').slice(1)
    expect(lines.map((line) => line.split(',')[3])).toEqual([way.principal, 'u1', 'u2', 'u3', 'u4', 'u5', 'u6'])
    expect(new Set(lines.map((line) => line.split(',').slice(4).join())).size).toBe(1)
  })

  test('names each gap with its hint', () => {
    const lines = printed(answerOf({ complete: false, gaps: [{ code: 'c', message: 'it is not known', hint: 'ask' }] }))
    expect(lines.slice(-3)).toEqual(['not complete:', '  it is not known', '    hint: ask'])
  })

  test('lets no control character of a name reach the terminal', () => {
    const evil = 'a\u001b[2Jb\r\n'
    const text = printed(
      answerOf({
        holders: [holder(evil, { entries: [evil] })],
        roundabout: [{ ...way, principal: evil, explanation: evil, uses: [evil], account: evil }],
        complete: false,
        gaps: [{ code: 'c', message: evil, hint: evil }],
      }),
    ).join('\n')
    expect(text).not.toMatch(/[^\P{Cc}\n]/u)
  })
})
