/** The etcd behind an API server: one member, on a Unix socket that only this user can reach, its data in the cluster's folder. */
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { lastWords, startPart, type Part } from './part.ts'

export interface Etcd {
  readonly part: Part
  /** For `--etcd-servers`. */
  readonly url: string
  /** Forgets all history: no resourceVersion that was given before is good any more. @returns the revision it was done at. */
  compact(): Promise<number>
}

const SOCKET = 'etcd.sock'
const NAME = 'nib'
/** A single member talks to no other, but must say where. Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:1'
/** Outside of what belongs to Kubernetes. Keys and values are in base64. */
const COMPACTED = { key: Buffer.from('nib/compacted').toString('base64'), value: '' }
const POLL_MS = 10

/** @throws when it ends, or does not answer in time. */
export async function startEtcd(binary: string, folder: string, readyWithinMs: number): Promise<Etcd> {
  const socket = join(folder, SOCKET)
  const url = `unix://${socket}`
  const part = await startPart({
    name: 'etcd',
    binary,
    folder,
    args: [
      `--name=${NAME}`,
      `--data-dir=${join(folder, 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${NOWHERE}`,
      `--listen-peer-urls=unix://${join(folder, 'etcd-peer.sock')}`,
      `--initial-advertise-peer-urls=${NOWHERE}`,
      `--initial-cluster=${NAME}=${NOWHERE}`,
      '--log-level=warn',
    ],
  })
  const deadline = performance.now() + readyWithinMs
  while (!(await isHealthy(socket))) {
    if (!part.isRunning()) throw lastWords('etcd ended', part)
    if (performance.now() > deadline) {
      await part.kill()
      throw lastWords(`etcd was not ready within ${readyWithinMs} ms`, part)
    }
    await sleep(POLL_MS)
  }
  return {
    part,
    url,
    async compact() {
      // A watch may go on at the revision of a compaction, and at the one after what it saw last: two more, and neither is left.
      await ask(socket, '/v3/kv/put', COMPACTED)
      const { revision } = PUT.parse(JSON.parse(await ask(socket, '/v3/kv/put', COMPACTED))).header
      await ask(socket, '/v3/kv/compaction', { revision, physical: true })
      return Number(revision)
    },
  }
}

/** etcd's JSON gateway writes 64-bit numbers as texts. */
const PUT = z.object({ header: z.object({ revision: z.string().regex(/^\d+$/) }) })

async function isHealthy(socket: string): Promise<boolean> {
  try {
    return (await ask(socket, '/health')).includes('"health":"true"')
  } catch {
    return false
  }
}

/** @throws when etcd does not answer with 200. */
function ask(socketPath: string, path: string, body?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const call = request({ socketPath, path, method, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`etcd answered ${response.statusCode}: ${text}`)),
      )
    })
    call.once('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
