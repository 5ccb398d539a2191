import fc from 'fast-check'
import net from 'node:net'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createDecide } from '../../src/policy/decide.ts'
import { delivers, permits } from '../../src/policy/effective.ts'
import { anyModel, sha256Hex, snapshotOf, universe, workload } from '../support/policy-arbitraries.ts'
import { meaningOf } from './reference.ts'

const VERSION = process.env['NV'] ?? '2.15.1'
const COUNT = Number(process.env['NC'] ?? 30)
const filter = (process.env['NF'] ?? 'filtering') as 'filtering' | 'legacy'
const FRESH = filter === 'legacy'
const principal = workload('spiffe://shop.example/ns/shop/sa/orders')

class Raw {
  sock: net.Socket
  buf = ''
  lines: string[] = []
  waiters: (() => void)[] = []
  constructor(port: number, user: string) {
    this.sock = net.connect(port, '127.0.0.1')
    this.sock.setNoDelay(true)
    this.sock.on('data', (d) => {
      this.buf += d.toString('latin1')
      for (;;) {
        const i = this.buf.indexOf('\r\n')
        if (i < 0) break
        const l = this.buf.slice(0, i)
        this.buf = this.buf.slice(i + 2)
        if (l === 'PONG') this.waiters.shift()?.()
        else if (l === 'PING') this.sock.write('PONG\r\n')
        else if (!l.startsWith('INFO') && l !== '' && l !== '+OK') this.lines.push(l)
      }
    })
    this.sock.write(`CONNECT {"verbose":false,"pedantic":false,"user":"${user}","pass":"x","protocol":1}\r\n`)
  }
  sync(): Promise<void> {
    return new Promise((r) => {
      this.waiters.push(r)
      this.sock.write('PING\r\n')
    })
  }
  take(): string[] {
    const l = this.lines
    this.lines = []
    return l
  }
}

test('real', async () => {
  const models = fc.sample(anyModel, { numRuns: COUNT, seed: Number(process.env['NS'] ?? 1) })
  const decisions = models.map((m) => {
    const d = createDecide(sha256Hex)(snapshotOf(m), principal)
    if (d.effect === 'deny') throw new Error()
    return d
  })
  const port = 14000 + Math.floor(process.pid % 1000)
  const users = decisions.map((d, i) => {
    const p = d.permissions[filter]
    const perm: any = { publish: p.pub, subscribe: p.sub }
    if (p.sub.allow.length === 0) perm.subscribe = { deny: p.sub.deny }
    if (p.pub.allow.length === 0) perm.publish = { deny: p.pub.deny }
    return `{user: u${i}, password: x, permissions: ${JSON.stringify(perm)}}`
  })
  writeFileSync(
    `/tmp/w-policy/s${port}.conf`,
    `listen: 127.0.0.1:${port}\nauthorization { users: [ {user: admin, password: x}, ${users.join(',\n')} ] }\n`,
  )
  const srv = spawn(`/tmp/w/bin/${VERSION}/nats-server`, ['-c', `/tmp/w-policy/s${port}.conf`], { stdio: 'ignore' })
  try {
    for (let i = 0; i < 100; i++) {
      const ok = await new Promise<boolean>((r) => {
        const s = net.connect(port, '127.0.0.1')
        s.on('error', () => r(false))
        s.on('connect', () => {
          s.destroy()
          r(true)
        })
      })
      if (ok) break
      await new Promise((r) => setTimeout(r, 50))
    }
    const admin = new Raw(port, 'admin')
    await admin.sync()
    let mismatch: any[] = []
    let checks = 0
    for (const [i, d] of decisions.entries()) {
      const p = d.permissions[filter]
      const all = universe(d.inboxPrefix)
      const meaning = meaningOf(models[i]!, principal, d.inboxPrefix, all)
      let c = new Raw(port, `u${i}`)
      await c.sync()
      for (const s of all.subjects) c.sock.write(`PUB ${s} 0\r\n\r\n`)
      await c.sync()
      const refused = new Set(c.take().map((l) => /Publish to "(.*)"/.exec(l)?.[1]))
      for (const s of all.subjects) {
        checks++
        if (refused.has(s) === permits(p, 'publish', s)) mismatch.push({ pub: s, p })
      }
      const subs = [
        ...all.subscriptions.flatMap((s) => all.queues.map((q) => [s, q] as const)),
        ...all.subjects.filter((_, k) => k % 7 === 0).flatMap((s) => all.queues.map((q) => [s, q] as const)),
      ]
      let sid = 1
      for (const [s, q] of subs) {
        sid++
        if (FRESH && permits(p, 'subscribe', s, q)) {
          c.sock.destroy()
          c = new Raw(port, `u${i}`)
          await c.sync()
        }
        c.sock.write(`SUB ${s} ${q ?? ''} ${sid}\r\n`)
        await c.sync()
        const ok = c.take().length === 0
        checks++
        if (ok !== permits(p, 'subscribe', s, q)) {
          mismatch.push({ sub: s, q, ok, p: p.sub })
          continue
        }
        if (!ok) continue
        for (const lit of all.subjects) admin.sock.write(`PUB ${lit} 0\r\n\r\n`)
        await admin.sync()
        await c.sync()
        const got = new Set(
          c
            .take()
            .filter((l) => l.startsWith('MSG '))
            .map((l) => l.split(' ')[1]!),
        )
        c.sock.write(`UNSUB ${sid}\r\n`)
        for (const lit of all.subjects) {
          checks++
          const sub = q === undefined ? { subject: s } : { subject: s, queue: q }
          if (got.has(lit) !== delivers(p, sub, lit, filter))
            mismatch.push({ delivered: got.has(lit), sub, lit, p: p.sub })
          if (got.has(lit) && !meaning.maySubscribe(lit, q)) mismatch.push({ LEAK: lit, sub, p: p.sub })
        }
      }
      c.sock.destroy()
      if (mismatch.length > 0) break
    }
    admin.sock.destroy()
    console.log(VERSION, filter, 'checks', checks, 'mismatches', mismatch.length)
    expect(mismatch.slice(0, 5)).toEqual([])
  } finally {
    srv.kill('SIGKILL')
  }
}, 600000)
