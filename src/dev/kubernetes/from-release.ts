/**
 * The official releases of Kubernetes and etcd: each file checked against the SHA-256 that is published beside it, before it is used.
 * Gives up within seconds where there is no network. Servers are published for Linux alone.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../lib/result.ts'
import { downloadFile, downloadText } from '../nats-server/download.ts'
import type { Platform } from '../nats-server/platform.ts'
import { checksumOf } from '../nats-server/sha256-sums.ts'
import { runTool, type Environment } from '../nats-server/tool.ts'
import { ETCD_VERSION, KUBERNETES_VERSION } from './pins.ts'

export interface ReleaseSites {
  readonly kubernetesUrl: string
  readonly etcdUrl: string
  /** Without a network, this is how long we wait to find out. */
  readonly answerMs: number
  /** For one file. */
  readonly totalMs: number
}

export const RELEASE_SITES: ReleaseSites = {
  kubernetesUrl: 'https://dl.k8s.io/release',
  etcdUrl: 'https://github.com/etcd-io/etcd/releases/download',
  answerMs: 4_000,
  totalMs: 300_000,
}

const SUM_BYTES = 65_536
const BINARY_BYTES = 256 * 1024 * 1024
const EXTRACT_MS = 60_000
const SHA256 = /^[0-9a-f]{64}$/

/** As both projects spell them. */
const SUFFIX: Readonly<Partial<Record<Platform, string>>> = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' }

export interface Fetching {
  readonly platform: Platform
  /** Empty folder, where the three programs go. */
  readonly folder: string
  readonly env: Environment
}

export async function fromRelease(fetching: Fetching, sites: ReleaseSites): Promise<Result<undefined, string>> {
  const architecture = SUFFIX[fetching.platform]
  if (architecture === undefined) return err(`no kube-apiserver is published for ${fetching.platform}`)
  for (const name of ['kube-apiserver', 'kubectl']) {
    const url = `${sites.kubernetesUrl}/v${KUBERNETES_VERSION}/bin/linux/${architecture}/${name}`
    const sum = await downloadText(`${url}.sha256`, { ...sites, bytes: SUM_BYTES })
    if (!sum.ok) return sum
    const expected = sum.value.trim()
    if (!SHA256.test(expected)) return err(`what is published as the SHA-256 of ${name} is none`)
    const checked = await checkedFile(url, join(fetching.folder, name), expected, sites)
    if (!checked.ok) return checked
  }
  return etcd(fetching, architecture, sites)
}

async function etcd(
  { folder, env }: Fetching,
  architecture: string,
  sites: ReleaseSites,
): Promise<Result<undefined, string>> {
  const release = `etcd-v${ETCD_VERSION}-linux-${architecture}`
  const base = `${sites.etcdUrl}/v${ETCD_VERSION}`
  const sums = await downloadText(`${base}/SHA256SUMS`, { ...sites, bytes: SUM_BYTES })
  if (!sums.ok) return sums
  const expected = checksumOf(sums.value, `${release}.tar.gz`)
  if (expected === undefined) return err(`the SHA256SUMS of etcd does not list ${release}.tar.gz`)
  const archive = join(folder, `${release}.tar.gz`)
  const checked = await checkedFile(`${base}/${release}.tar.gz`, archive, expected, sites)
  if (!checked.ok) return checked
  const unpacked = await runTool('tar', ['-xzf', archive, '-C', folder], { env, timeoutMs: EXTRACT_MS })
  if (!unpacked.ok) return unpacked
  try {
    await rename(join(folder, release, 'etcd'), join(folder, 'etcd'))
    return ok(undefined)
  } catch {
    return err(`there is no etcd in ${release}.tar.gz`)
  }
}

async function checkedFile(
  url: string,
  file: string,
  expected: string,
  sites: ReleaseSites,
): Promise<Result<undefined, string>> {
  const actual = await downloadFile(url, file, { ...sites, bytes: BINARY_BYTES })
  if (!actual.ok) return actual
  return actual.value === expected ? ok(undefined) : err(`the SHA-256 of ${url} is not the one published for it`)
}
