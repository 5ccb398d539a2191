/** A replica that no server can use says so; and nobody who may publish in the callout account makes a good one say it. */
import { describe, expect, test } from 'vitest'
import { createBoxKey, createSigningKey, parseBoxKey, type BoxKey } from '../../src/nkey/index.ts'
import { createMismatch, type Mismatch } from '../../src/serve/mismatch.ts'
import { createReadiness, type Readiness, type ReadinessParts } from '../../src/serve/readiness.ts'
import { createEnvelopeOpener, type Envelope } from '../../src/wire/envelope.ts'
import { createPatience } from '../../src/wire/patience.ts'
import { createServerClocks } from '../../src/wire/server-clock.ts'
import { createFakeServer, valueOf, type FakeServer, type RequestShape } from '../support/fake-server.ts'

const OURS = createSigningKey('A').publicKey
const THEIRS = createSigningKey('A').publicKey
const START = 1_800_000_000_250

interface Replica {
  readonly mismatch: Mismatch
  boxKeys: readonly BoxKey[]
  issuer: string
  connected: readonly string[]
  /** A moment later than the one before. @returns how it was opened. */
  receive(payload: Uint8Array, more?: Partial<Envelope>): string
  now(): number
}

function createReplica(servers: readonly FakeServer[], boxKeys: readonly BoxKey[] = []): Replica {
  let now = START
  const replica: Replica = {
    boxKeys,
    issuer: OURS,
    connected: servers.map(({ id }) => id),
    mismatch: createMismatch({ boxKeys: () => replica.boxKeys, servers: () => replica.connected }),
    receive(payload, more = {}) {
      now += 200
      const envelope = { payload, xkeyHeader: '', replySubject: '$SYS._INBOX.a.1', arrivedAt: now, ...more }
      const opened = open(envelope, now)
      return opened.ok ? 'opened' : opened.error
    },
    now: () => now,
  }
  const open = replica.mismatch.watching(
    createEnvelopeOpener({
      boxKeys: () => replica.boxKeys,
      isOurs: (addressee) => addressee === replica.issuer,
      clocks: createServerClocks(16),
      patience: createPatience(16),
    }),
  )
  return replica
}

function boxKey(): BoxKey {
  return valueOf(parseBoxKey(createBoxKey().seed))
}

function ask(replica: Replica, server: FakeServer, shape?: RequestShape): string {
  return replica.receive(server.token(replica.now(), shape))
}

function askSealed(replica: Replica, server: FakeServer, to: BoxKey | undefined, shape?: RequestShape): string {
  const sealed = server.seal(server.token(replica.now(), shape), to?.publicKey ?? '')
  return replica.receive(sealed, { xkeyHeader: server.xkey })
}

describe('it is proven', () => {
  test('by the one server that asks for another issuer', () => {
    const server = createFakeServer(THEIRS)
    const replica = createReplica([server])
    expect(replica.mismatch.proven()).toBeUndefined()
    expect(ask(replica, server)).toBe('ENVELOPE_SUBJECT')
    expect(replica.mismatch.proven()).toBe('ENVELOPE_SUBJECT')
  })

  test('by a box of our own that holds a request for another issuer', () => {
    const server = createFakeServer(THEIRS, { withXkey: true })
    const key = boxKey()
    const replica = createReplica([server], [key])
    expect(askSealed(replica, server, key)).toBe('ENVELOPE_SUBJECT')
    expect(replica.mismatch.proven()).toBe('ENVELOPE_SUBJECT')
  })

  test('by the one server that knows of no xkey', () => {
    const server = createFakeServer(OURS)
    const replica = createReplica([server], [boxKey()])
    expect(ask(replica, server)).toBe('ENVELOPE_PLAINTEXT')
    expect(replica.mismatch.proven()).toBe('ENVELOPE_PLAINTEXT')
  })

  test('by all servers, and not by one of them', () => {
    const servers = [createFakeServer(THEIRS), createFakeServer(THEIRS)] as const
    const replica = createReplica(servers)
    ask(replica, servers[0])
    expect(replica.mismatch.proven()).toBeUndefined()
    ask(replica, servers[1])
    expect(replica.mismatch.proven()).toBe('ENVELOPE_SUBJECT')
  })

  test('until our keys change', () => {
    const server = createFakeServer(THEIRS)
    const replica = createReplica([server])
    ask(replica, server)
    replica.issuer = THEIRS
    replica.mismatch.forget()
    expect(replica.mismatch.proven()).toBeUndefined()
  })

  test('of keys that were swapped for wrong ones, however good the former were', () => {
    const server = createFakeServer(OURS)
    const replica = createReplica([server])
    expect(ask(replica, server)).toBe('opened')
    replica.issuer = THEIRS
    replica.mismatch.forget()
    expect(ask(replica, server)).toBe('ENVELOPE_SUBJECT')
    expect(replica.mismatch.proven()).toBe('ENVELOPE_SUBJECT')
  })

  test('by no more than one look in a moment, whoever sends how much', () => {
    const server = createFakeServer(THEIRS)
    let looks = 0
    const boxKeys = (): readonly BoxKey[] => {
      looks += 1
      return []
    }
    const mismatch = createMismatch({ boxKeys, servers: () => [server.id] })
    const receive = mismatch.watching(() => ({ ok: false, error: 'ENVELOPE_SUBJECT' }))
    const noise = { payload: Buffer.from('eyJ'), xkeyHeader: '', replySubject: '$SYS._INBOX.a.1', arrivedAt: START }
    for (let count = 0; count < 100; count += 1) receive(noise, START + count)
    expect(looks).toBe(1)
    receive({ ...noise, payload: server.token(START) }, START + 100)
    expect(mismatch.proven()).toBe('ENVELOPE_SUBJECT')
  })

  test('until the connections are to another server', () => {
    const [before, after] = [createFakeServer(THEIRS), createFakeServer(OURS)]
    const replica = createReplica([before])
    ask(replica, before)
    replica.connected = [after.id]
    expect(replica.mismatch.proven()).toBeUndefined()
    replica.connected = []
    expect(replica.mismatch.proven()).toBeUndefined()
  })
})

describe('it is never proven', () => {
  test('once a request could be opened: a replica that is of use to one server stays so', () => {
    const [good, bad] = [createFakeServer(OURS), createFakeServer(THEIRS)]
    const replica = createReplica([bad])
    ask(replica, bad)
    expect(replica.mismatch.proven()).toBe('ENVELOPE_SUBJECT')
    expect(ask(replica, good)).toBe('opened')
    expect(replica.mismatch.proven()).toBeUndefined()
    for (let count = 0; count < 5; count += 1) ask(replica, bad)
    expect(replica.mismatch.proven()).toBeUndefined()
  })

  /** What an insider can make, who may publish in the callout account and knows all that is public of the server. */
  const server = createFakeServer(OURS)
  const sealing = createFakeServer(OURS, { withXkey: true })
  const insider = createFakeServer(THEIRS)
  const key = boxKey()
  const asServer: RequestShape = { claims: { iss: server.id }, serverId: { id: server.id } }
  const asSealing: RequestShape = { claims: { iss: sealing.id }, serverId: { id: sealing.id } }

  const attacks: [string, string, (replica: Replica) => string, readonly BoxKey[]][] = [
    ['a server of its own', 'ENVELOPE_SUBJECT', (replica) => ask(replica, insider), []],
    ['the name of the server, signed by itself', 'ENVELOPE_SUBJECT', (replica) => ask(replica, insider, asServer), []],
    [
      'the signature of the server under other claims',
      'ENVELOPE_SUBJECT',
      (replica) => {
        const [, , signature] = server.token(replica.now()).toString().split('.')
        const [header, claims] = insider.token(replica.now(), asServer).toString().split('.')
        return replica.receive(Buffer.from(`${header}.${claims}.${signature}`))
      },
      [],
    ],
    ['a plain request of its own', 'ENVELOPE_PLAINTEXT', (replica) => ask(replica, insider, asSealing), [key]],
    ['noise', 'ENVELOPE_PLAINTEXT', (replica) => replica.receive(Buffer.from('eyJ.eyJ.AAAA')), [key]],
    [
      'a request of the server that was taken out of its box',
      'ENVELOPE_PLAINTEXT',
      (replica) => ask(replica, sealing),
      [key],
    ],
    [
      'a box of its own with the name of the server in it',
      'ENVELOPE_SUBJECT',
      (replica) => askSealed(replica, insider, key, { ...asSealing, serverId: { id: sealing.id, xkey: insider.xkey } }),
      [key],
    ],
    ['a box for somebody else', 'ENVELOPE_UNOPENED', (replica) => askSealed(replica, sealing, boxKey()), [key]],
    ['a box where none is due', 'ENVELOPE_SEALED', (replica) => askSealed(replica, server, key), []],
    [
      'a recorded request that goes elsewhere',
      'ENVELOPE_REPLY',
      (replica) => replica.receive(server.token(replica.now()), { replySubject: 'elsewhere' }),
      [],
    ],
  ]

  test.for(attacks)('by %s', ([, code, attack, boxKeys]) => {
    const replica = createReplica([server, sealing], boxKeys)
    replica.connected = [boxKeys.length === 0 ? server.id : sealing.id]
    expect(attack(replica)).toBe(code)
    expect(replica.mismatch.proven()).toBeUndefined()
  })
})

describe('readiness', () => {
  function read(parts: Partial<ReadinessParts>): Readiness {
    return createReadiness({
      now: () => START,
      selfTest: () => ({ ok: true, value: undefined }),
      connections: () => ({ ready: 16, count: 16 }),
      policy: () => ({ snapshotId: 'abc', problem: undefined }),
      issuers: () => [{ name: 'cluster', available: true, problem: undefined }],
      stopping: () => false,
      ...parts,
    })()
  }

  test('is red, and says what to compare, when no server can use the answers', () => {
    const { ready, checks } = read({ mismatch: () => 'ENVELOPE_SUBJECT' })
    expect(ready).toBe(false)
    const nats = checks.find(({ name }) => name === 'nats')
    expect(nats).toMatchObject({ ok: false, required: true })
    expect(nats?.detail).toMatch(/^16 of 16 connections are subscribed, and .*ENVELOPE_SUBJECT.*callout\.issuer/)
  })

  test('is green where nothing is proven, or cannot be', () => {
    expect(read({ mismatch: () => undefined }).ready).toBe(true)
    expect(read({}).ready).toBe(true)
  })
})
