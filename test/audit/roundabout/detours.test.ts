/** Streams that rename, schedule, or were restored, on a real nats-server: what is put into them, and what is read out of them. */
import { headers, type JetStreamManager, type MsgHdrs, type NatsConnection, type StreamConfig } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOnNatsServer } from '../../support/nats-server.ts'
import { collected } from './collected.ts'
import { COMMAND, EAR, furnish, SECRET } from './scene.ts'
import { openStage, type Stage } from './stage.ts'
import { waysFor, type Granted, type World } from './world.ts'

describeOnNatsServer('into a stream, on a real server', () => {
  const cases = [
    {
      title: 'a stream renames what it captures',
      kind: 'stream-copy',
      config: { subjects: ['admin.>', 'open.>'], subject_transform: { src: 'open.*', dest: 'admin.{{wildcard(1)}}' } },
      uses: ['open.cmd'],
      sent: headers(),
    },
    {
      title: 'a stream publishes a scheduled message on another of its subjects',
      kind: 'scheduled-message',
      config: { subjects: ['admin.>', 'open.>'], allow_msg_schedules: true },
      uses: ['open.>'],
      sent: withHeaders({ 'Nats-Schedule': '@at 2020-01-01T00:00:00Z', 'Nats-Schedule-Target': COMMAND }),
    },
  ] as const
  const worlds = cases.map((_, index): World => ({ account: `A${index}`, people: { eve: { publish: ['open.>'] } } }))
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(worlds)
  })
  afterAll(() => stage.stop())

  test.each(cases.map((one, index) => ({ ...one, index })))('$title', async ({ index, kind, config, uses, sent }) => {
    const owner = await stage.owner(index)
    const manager = await owner.jetstreamManager()
    await owner.request('$JS.API.STREAM.CREATE.PLAN', JSON.stringify({ name: 'PLAN', ...config }))
    const world: World = { ...worlds[index]!, topology: await collected(stage, index, [`A${index}`]) }
    const found = waysFor(world, 'eve', 'publish', COMMAND).filter((way) => way.kind === kind)
    expect(found.map((way) => [way.uses, way.certain])).toEqual([[uses, true]])
    const eve = await stage.as(index, 'eve')
    eve.publish('open.cmd', 'x', { headers: sent })
    await expect.poll(async () => (await last(manager))?.subject, { timeout: 5000 }).toBe(COMMAND)
    await Promise.all([owner, eve].map((client) => client.close()))
  })

  async function last(manager: JetStreamManager) {
    return manager.streams.getMessage('PLAN', { last_by_subj: COMMAND }).catch(() => undefined)
  }
})

describeOnNatsServer('by a detour of its own, on a real server', () => {
  const restorer: Granted = {
    publish: ['$JS.API.STREAM.RESTORE.MINE', '$JS.SNAPSHOT.RESTORE.MINE.*'],
    subscribe: [EAR],
  }
  const scheduler: Granted = { publish: ['open.>', '$JS.API.DIRECT.GET.PLAN.open.>'], subscribe: [EAR] }
  const worlds: readonly World[] = [restorer, scheduler].map((eve, index) => ({
    account: `A${index}`,
    people: { eve },
  }))
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(worlds)
  })
  afterAll(() => stage.stop())

  test('a stream restored from a backup of its own making copies and republishes', async () => {
    const [owner, eve] = [await stage.owner(0), await stage.as(0, 'eve')]
    await furnish(owner)
    const world = { ...worlds[0]!, topology: await collected(stage, 0, ['A0']) }
    const [way, ...others] = waysFor(world, 'eve', 'subscribe', SECRET)
    expect([way?.kind, way?.uses, way?.certain, others]).toEqual([
      'stream-restore',
      ['$JS.API.STREAM.RESTORE.MINE'],
      true,
      [],
    ])
    expect(
      waysFor(
        { ...world, people: { eve: { ...restorer, publish: restorer.publish!.slice(0, 1) } } },
        'eve',
        'subscribe',
        SECRET,
      ),
    ).toEqual([])

    const backup = await backUp(owner, {
      name: 'MINE',
      sources: [{ name: 'SECRETS' }],
      republish: { src: SECRET, dest: 'ear.made' },
    })
    const heard = new Promise<string>((resolve) => {
      eve.subscribe('ear.made', { callback: (_problem, message) => resolve(message.string()) })
    })
    const begun = await askWith(
      eve,
      '$JS.API.STREAM.RESTORE.MINE',
      JSON.stringify({ config: backup.config, state: backup.state }),
    )
    const { deliver_subject: upload } = JSON.parse(begun)
    for (const chunk of [...backup.chunks, new Uint8Array()]) await askWith(eve, upload, chunk)
    await expect
      .poll(async () => (await (await owner.jetstreamManager()).streams.info('MINE')).config.name)
      .toBe('MINE')
    await owner.request(SECRET, 'the-secret')
    expect(await heard).toBe('the-secret')
    await Promise.all([owner, eve].map((client) => client.close()))
  })

  test('a scheduled message takes its content from a subject that its maker may not read', async () => {
    const [owner, eve] = [await stage.owner(1), await stage.as(1, 'eve')]
    const config = { name: 'PLAN', subjects: ['open.>', 'secret.>'], allow_direct: true, allow_msg_schedules: true }
    await owner.request('$JS.API.STREAM.CREATE.PLAN', JSON.stringify(config))
    await owner.request(SECRET, 'the-secret')
    const world = { ...worlds[1]!, topology: await collected(stage, 1, ['A1']) }
    const found = waysFor(world, 'eve', 'subscribe', SECRET)
    expect(found.map(({ kind, uses, certain }) => [kind, uses, certain])).toEqual([
      ['scheduled-message', ['open.>'], false],
    ])
    const fields = {
      'Nats-Schedule': '@at 2020-01-01T00:00:00Z',
      'Nats-Schedule-Target': 'open.mine',
      'Nats-Schedule-Source': SECRET,
    }
    eve.publish('open.plan', '', { headers: withHeaders(fields) })
    await expect.poll(() => askWith(eve, '$JS.API.DIRECT.GET.PLAN.open.mine', ''), { timeout: 5000 }).toBe('the-secret')
    await Promise.all([owner, eve].map((client) => client.close()))
  })

  /** With an answer to where everybody may listen. */
  async function askWith(client: NatsConnection, subject: string, body: string | Uint8Array): Promise<string> {
    const place = `ear.${Math.random()}`.replace('0.', '')
    const answer = new Promise<string>((resolve) => {
      client.subscribe(place, { max: 1, callback: (_problem, message) => resolve(message.string()) })
    })
    client.publish(subject, body, { reply: place })
    return answer
  }
})

/** Of a stream that is gone afterwards. */
async function backUp(owner: NatsConnection, config: Partial<StreamConfig> & { readonly name: string }) {
  await (await owner.jetstreamManager()).streams.add(config)
  const chunks: Uint8Array[] = []
  const done = new Promise<void>((resolve) => {
    owner.subscribe('backup.chunks', {
      callback: (_problem, message) => {
        if (message.data.length === 0) return resolve()
        chunks.push(message.data)
        message.respond()
      },
    })
  })
  const answer = await owner.request(
    `$JS.API.STREAM.SNAPSHOT.${config.name}`,
    JSON.stringify({ deliver_subject: 'backup.chunks' }),
  )
  const { config: kept, state } = JSON.parse(answer.string())
  await done
  await (await owner.jetstreamManager()).streams.delete(config.name)
  return { config: kept, state, chunks }
}

function withHeaders(fields: Readonly<Record<string, string>>): MsgHdrs {
  const made = headers()
  for (const [name, value] of Object.entries(fields)) made.set(name, value)
  return made
}
