/**
 * Vitest's global set-up: one Kubernetes API for a whole run, started when the first test asks for it and never in a run where none does.
 * Test files run in processes of their own; they ask over a Unix socket that only this user can reach.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import {
  findKubernetes,
  KubernetesUnavailable,
  runKubernetes,
  type KubernetesAccess,
  type KubernetesBinaries,
  type RunningKubernetes,
} from '../../src/dev/kubernetes/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the broker's socket. */
    readonly kubernetesBroker: string
  }
}

/** The programs, or how to get them. */
export type FoundKubernetes = { readonly binaries: KubernetesBinaries } | { readonly missing: string }

const FOUND = '/found'
const SHARED = '/shared'

/** Vitest calls it before all test files, and what it returns after them. */
export async function setup(project: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-kubernetes-broker-'))
  const socket = join(folder, 'socket')
  let found: Promise<FoundKubernetes> | undefined
  let shared: Promise<RunningKubernetes> | undefined

  async function answer(path: string): Promise<FoundKubernetes | KubernetesAccess> {
    found ??= find()
    const known = await found
    if (path !== SHARED) return known
    if ('missing' in known) throw new Error(known.missing)
    shared ??= runKubernetes(known.binaries)
    return shared
  }

  const server = createServer((question, response) => {
    answer(question.url ?? '')
      .then((value) => response.end(JSON.stringify(value)))
      .catch((problem: unknown) => response.writeHead(500).end(problem instanceof Error ? problem.message : 'failed'))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  project.provide('kubernetesBroker', socket)
  return async () => {
    server.close()
    server.closeAllConnections()
    await (await shared?.catch(() => undefined))?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function find(): Promise<FoundKubernetes> {
  try {
    return { binaries: await findKubernetes() }
  } catch (problem) {
    if (!(problem instanceof KubernetesUnavailable)) throw problem
    if (process.env['NIB_REQUIRE_PARTS'] === '1') return { missing: `${problem.message}\n${problem.hint}` }
    process.stderr.write(`skipped, there is no Kubernetes API: ${problem.hint}\n`)
    return { missing: problem.hint }
  }
}

export async function askForBinaries(socket: string): Promise<FoundKubernetes> {
  return JSON.parse(await ask(socket, FOUND)) as FoundKubernetes
}

/** @throws when there is none, or it did not start. */
export async function askForCluster(socket: string): Promise<KubernetesAccess> {
  return JSON.parse(await ask(socket, SHARED)) as KubernetesAccess
}

function ask(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))))
    })
    sent.once('error', reject)
    sent.end()
  })
}
