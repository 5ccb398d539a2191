/**
 * The real Kubernetes API under test. One for all files of a run, started at the first use: each file makes namespaces of its own and
 * unique names of what has no namespace. One of its own for a test that disturbs it. Without the programs the suites are skipped, with
 * one line that says how to get them; NIB_REQUIRE_PARTS=1 makes that a failure.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, inject } from 'vitest'
import {
  applyCrds,
  callKubernetes,
  fetchIstioCrds,
  kubeconfigFor,
  runKubernetes,
  tokenFor,
  type KubernetesAccess,
  type KubernetesAnswer,
  type KubernetesBinaries,
  type KubernetesCall,
  type RunKubernetesOptions,
  type RunningKubernetes,
  type Somebody,
  type TokenOptions,
} from '../../src/dev/kubernetes/index.ts'
import { askForBinaries, askForCluster } from './kubernetes-broker.ts'

export interface TestKubernetes extends KubernetesAccess {
  /** Makes a namespace with a unique name that begins with the label. */
  namespace(label?: string): Promise<string>
  /** A name that no other test file has, for what has no namespace. */
  unique(label: string): string
  /** Makes a ServiceAccount; there are no controllers that would make one. @returns its uid. */
  serviceAccount(namespace: string, name: string, annotations?: Readonly<Record<string, string>>): Promise<string>
  /** By the TokenRequest API. @param audiences none: that of the API server. */
  tokenFor(
    namespace: string,
    serviceAccount: string,
    audiences?: readonly string[],
    options?: TokenOptions,
  ): Promise<string>
  /** Path of a kubeconfig of somebody else than the administrator. */
  kubeconfigFor(somebody: Somebody): Promise<string>
  /** As the administrator. @returns standard output. @throws KubectlError when it ends with another code than 0. */
  kubectl(args: readonly string[], more?: KubectlOptions): Promise<string>
  /** Server-side apply of YAML, or of objects. The administrator may take fields over from others. */
  apply(documents: string | readonly object[], more?: KubectlOptions): Promise<void>
  /** Applies CustomResourceDefinitions of a YAML text and waits until their objects can be listed. @param only their names. */
  applyCrds(yaml: string, only?: readonly string[]): Promise<void>
  /** Istio's own. Default: AuthorizationPolicy alone. @param names such as `authorizationpolicies.security.istio.io`. */
  applyIstioCrds(names?: readonly string[]): Promise<void>
  /** Any call, as the administrator or with a token. An error status is an answer. */
  call(call: KubernetesCall): Promise<KubernetesAnswer>
  /** The object at a path such as `/api/v1/namespaces/x`. @throws when the answer is not 200. */
  get<T = unknown>(path: string): Promise<T>
}

export type OwnKubernetes = TestKubernetes & RunningKubernetes

export interface KubectlOptions {
  /** Standard input. */
  readonly input?: string
  /** Somebody else than the administrator. */
  readonly kubeconfig?: string
  readonly namespace?: string
}

export class KubectlError extends Error {
  override readonly name = 'KubectlError'
  readonly exitCode: number
  readonly out: string
  readonly problems: string

  constructor(args: readonly string[], exitCode: number, out: string, problems: string) {
    super(`kubectl ${args.join(' ')} ended with ${exitCode}: ${problems.trim()}`)
    this.exitCode = exitCode
    this.out = out
    this.problems = problems
  }
}

const found = await askForBinaries(inject('kubernetesBroker'))

/** For `describe.skipIf`: the programs, or nothing after a line that says how to get them. Never compiles. */
export function kubernetesForTests(): KubernetesBinaries | undefined {
  if ('binaries' in found) return found.binaries
  if (process.env['NIB_REQUIRE_PARTS'] === '1') throw new Error(found.missing)
  return undefined
}

/** A suite on a real Kubernetes API. */
export const describeOnKubernetes = describe.skipIf(kubernetesForTests() === undefined)

let shared: Promise<TestKubernetes> | undefined

/** The one of this run, with the Kubernetes alone: no CRDs but those that test files apply. Never stop, hold or empty it. */
export function sharedKubernetes(): Promise<TestKubernetes> {
  shared ??= askForCluster(inject('kubernetesBroker')).then(testKubernetes)
  return shared
}

/** One that may be disturbed. Whoever starts it calls `stop()`; it takes four seconds and 300 MiB. */
export async function ownKubernetes(options: RunKubernetesOptions = {}): Promise<OwnKubernetes> {
  const binaries = kubernetesForTests()
  if (binaries === undefined) throw new Error('no Kubernetes: use describeOnKubernetes')
  const running = await runKubernetes(binaries, options)
  return { ...running, ...testKubernetes(running) }
}

export interface Waiting {
  /** Default 10,000. */
  readonly withinMs?: number
  /** Beginning of a sentence, for the error. */
  readonly awaited?: string
}

const POLL_MS = 20
const AUTHORIZATION_POLICIES = 'authorizationpolicies.security.istio.io'

/**
 * Asks again and again. A throw is no answer yet, as are `undefined` and `false`.
 * @returns the first answer. @throws when there was none in time; the cause is the last throw.
 */
export async function waitUntil<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { withinMs = 10_000, awaited = 'what was awaited' }: Waiting = {},
): Promise<T> {
  const deadline = performance.now() + withinMs
  let cause: unknown
  do {
    try {
      const answer = await look()
      if (answer !== undefined && answer !== false) return answer
    } catch (problem) {
      cause = problem
    }
    await sleep(POLL_MS)
  } while (performance.now() < deadline)
  throw new Error(`${awaited} did not happen within ${withinMs} ms`, { cause })
}

function testKubernetes(access: KubernetesAccess): TestKubernetes {
  const call = (question: KubernetesCall): Promise<KubernetesAnswer> => callKubernetes(access, question)
  const unique = (label: string): string => `${label}-${randomBytes(4).toString('hex')}`

  async function create(path: string, body: object): Promise<unknown> {
    const answer = await call({ method: 'POST', path, body })
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  function kubectl(args: readonly string[], more: KubectlOptions = {}): Promise<string> {
    const where = more.namespace === undefined ? [] : ['--namespace', more.namespace]
    const all = ['--kubeconfig', more.kubeconfig ?? access.kubeconfig, ...where, ...args]
    return new Promise((resolve, reject) => {
      const child = execFile(access.kubectlFile, all, { maxBuffer: 64 * 1024 * 1024 }, (error, out, problems) => {
        if (error === null) return resolve(out)
        return reject(new KubectlError(args, typeof error.code === 'number' ? error.code : -1, out, problems))
      })
      child.stdin?.end(more.input ?? '')
    })
  }

  return {
    ...access,
    unique,
    call,
    kubectl,
    async namespace(label = 'test') {
      const name = unique(label)
      await create('/api/v1/namespaces', { metadata: { name } })
      return name
    },
    async serviceAccount(namespace, name, annotations = {}) {
      const made = await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name, annotations } })
      return (made as { readonly metadata: { readonly uid: string } }).metadata.uid
    },
    tokenFor: (...question) => tokenFor(access, ...question),
    kubeconfigFor: (somebody) => kubeconfigFor(access, somebody),
    async apply(documents, more = {}) {
      const input =
        typeof documents === 'string'
          ? documents
          : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...documents] })
      await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { ...more, input })
    },
    applyCrds: (yaml, only) => applyCrds(access, yaml, only),
    async applyIstioCrds(names = [AUTHORIZATION_POLICIES]) {
      await applyCrds(access, await readFile(await fetchIstioCrds(), 'utf8'), names)
    },
    async get<T>(path: string) {
      const { status, body } = await call({ method: 'GET', path })
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
      return body as T
    },
  }
}
