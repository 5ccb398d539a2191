/** `nib topology` on a real nats-server: what it writes is what nib who-can reads; what it could not find out it does not write. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseTopology } from '../../src/audit/topology.ts'
import { bordersInJwt } from '../../src/wire/account-borders.ts'
import { collectStreams } from '../../src/wire/collect-topology.ts'
import { openStage, type Stage } from '../audit/roundabout/stage.ts'
import type { World } from '../audit/roundabout/world.ts'
import { describeOnNatsServer } from '../support/nats-server.ts'
import { nib, type Ran } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const world: World = { account: 'SHOP', people: { 'guest@OPS': { publish: ['harmless'] } } }

describeOnNatsServer('on a real server', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage([world], {
      SHOP: 'exports: [{stream: "shop.>", accounts: [OPS]}, {service: "ask"}]',
      OPS: 'imports: [{stream: {account: SHOP, subject: "shop.>"}, prefix: their}, {service: {account: SHOP, subject: ask}, to: "shop.ask"}]',
    })
    const owner = await stage.owner(0)
    const { streams, consumers } = await owner.jetstreamManager()
    await streams.add({
      name: 'ORDERS',
      subjects: ['shop.orders.>'],
      allow_direct: true,
      republish: { src: 'shop.orders.*', dest: 'seen.{{wildcard(1)}}' },
    })
    await streams.add({ name: 'COPY', sources: [{ name: 'ORDERS', filter_subject: 'shop.orders.new' }] })
    await streams.add({ name: 'MANY', subjects: ['many.>'] })
    await consumers.add('ORDERS', {
      durable_name: 'mail',
      ack_policy: 'none' as never,
      deliver_subject: 'deliver.mail',
    })
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        consumers.add('MANY', {
          name: `c${n}`,
          ack_policy: 'none' as never,
          mem_storage: true,
          filter_subject: `many.${n}`,
        }),
      ),
    )
    await owner.close()
  })
  afterAll(() => stage.stop())

  function ask(user: string, account: string, ...more: string[]): Promise<Ran> {
    const password = tempFolder().write('password', 'unguarded')
    const login = ['--user', user, '--password-file', password]
    const system = more.includes('--system-user') ? ['--system-password-file', password] : []
    return nib(['topology', '--nats', stage.url, '--account', account, ...login, ...system, ...more])
  }

  test('streams and all their consumers, however many pages they fill', async () => {
    const { out, exitCode } = await ask('owner-SHOP-0', 'SHOP')
    expect(exitCode).toBe(0)
    const { accounts } = JSON.parse(out)
    expect(Object.keys(accounts)).toEqual(['SHOP'])
    expect(accounts.SHOP.imports).toBe(undefined)
    const [copy, many, orders] = accounts.SHOP.streams
    expect(copy).toEqual({
      name: 'COPY',
      subjects: [],
      allowDirect: false,
      storage: 'file',
      sources: [{ stream: 'ORDERS', maps: [{ source: 'shop.orders.new', destination: '' }] }],
      consumers: [],
    })
    expect(orders).toEqual({
      name: 'ORDERS',
      subjects: ['shop.orders.>'],
      allowDirect: true,
      storage: 'file',
      republish: { source: 'shop.orders.*', destination: 'seen.{{wildcard(1)}}' },
      consumers: [{ name: 'mail', durable: true, deliverSubject: 'deliver.mail' }],
    })
    expect(many.consumers).toHaveLength(300)
    expect(parseTopology({ accounts }).ok).toBe(true)
  })

  test('imports and exports with a user of the system account, and other accounts kept', async () => {
    const first = await ask('owner-SHOP-0', 'SHOP', '--system-user', 'system')
    const kept = tempFolder().write('topology.json', first.out)
    const { out } = await ask('owner-OPS-0', 'OPS', '--system-user', 'system', '--into', kept)
    const { SHOP, OPS } = JSON.parse(out).accounts
    expect(SHOP.imports).toEqual([])
    expect(SHOP.exports).toEqual([
      { kind: 'service', subject: 'ask' },
      { kind: 'stream', subject: 'shop.>', accounts: ['OPS'] },
    ])
    expect(OPS).toEqual({
      jetStream: true,
      streams: [],
      imports: [
        { kind: 'stream', account: 'SHOP', subject: 'shop.>', localSubject: 'their.shop.>' },
        { kind: 'service', account: 'SHOP', subject: 'ask', localSubject: 'shop.ask' },
      ],
      exports: [],
    })
  })

  test('credentials that may not ask are told what they may not, and nothing is written', async () => {
    const { out, problems, exitCode } = await ask('guest@OPS-0', 'OPS')
    expect([out, exitCode]).toEqual(['', 1])
    expect(problems).toMatch(/^nib: error: \$JS\.API\.STREAM\.LIST: .*\nnib: hint: these credentials must be allowed/)
  })
})

describe('imports from the JWT of an account', () => {
  function jwt(nats: object): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    return `-----BEGIN NATS ACCOUNT JWT-----\n${part({ typ: 'JWT' })}.${part({ nats })}.c2ln\n------END NATS ACCOUNT JWT------\n`
  }

  test('in the words of both fields that rename', () => {
    const imports = [
      { type: 'stream', account: 'AKEY', subject: 'shop.>', local_subject: 'their.>' },
      { type: 'stream', account: 'AKEY', subject: 'a', to: 'b' },
      { type: 'service', account: 'OTHER', subject: 'here', to: 'there' },
      { type: 'service', account: 'AKEY', subject: 'same' },
    ]
    const found = bordersInJwt(jwt({ type: 'account', imports }), new Map([['AKEY', 'SHOP']]))
    expect(found).toEqual({
      ok: true,
      value: {
        imports: [
          { kind: 'stream', account: 'SHOP', subject: 'shop.>', localSubject: 'their.>' },
          { kind: 'stream', account: 'SHOP', subject: 'a', localSubject: 'b' },
          { kind: 'service', account: 'OTHER', subject: 'there', localSubject: 'here' },
          { kind: 'service', account: 'SHOP', subject: 'same', localSubject: 'same' },
        ],
        exports: [],
      },
    })
  })

  test.each(['', 'eyJ.eyJ.x', jwt({ type: 'user' })])('what is none is refused: %s', (text) => {
    expect(bordersInJwt(text, new Map())).toEqual({ ok: false, error: 'it holds no JWT of a NATS account' })
  })
})

describe('half an answer is none', () => {
  test.each([
    ['{"total":2,"streams":[],"missing":["ORDERS"]}', '$JS.API.STREAM.LIST: no server answers for ORDERS'],
    [
      '{"error":{"err_code":10008,"description":"JetStream system temporarily unavailable"}}',
      'JetStream system temporarily unavailable',
    ],
    ['{"total":1,"streams":[{}]}', '$JS.API.STREAM.LIST: the answer is no list'],
    ['nothing', '$JS.API.STREAM.LIST: the answer is no list'],
  ])('%s', async (text, message) => {
    const collected = await collectStreams(() => Promise.resolve(text))
    expect(collected.ok ? '' : collected.error).toContain(message)
  })

  test('an account without JetStream has no streams', async () => {
    const text = '{"error":{"code":503,"err_code":10039,"description":"JetStream not enabled for account"}}'
    expect(await collectStreams(() => Promise.resolve(text))).toEqual({
      ok: true,
      value: { jetStream: false, streams: [] },
    })
  })
})
