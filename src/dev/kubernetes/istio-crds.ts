/**
 * The CustomResourceDefinitions of Istio, so that a cluster knows AuthorizationPolicy: one file of the module istio.io/api, from its
 * repository or by way of Go's module proxy, kept beside the other parts. Its SHA-256 is pinned: what is another file is not used.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { err, ok, type Result } from '../../lib/result.ts'
import { downloadText, type DownloadLimits } from '../nats-server/download.ts'
import { runTool, type Environment } from '../nats-server/tool.ts'
import type { TriedWay } from '../nats-server/unavailable.ts'
import { istioCrdsFile } from './cache.ts'
import { ISTIO_API_VERSION, ISTIO_CRDS_SHA256 } from './pins.ts'
import { KubernetesUnavailable } from './unavailable.ts'

export interface FetchIstioCrdsOptions {
  readonly env?: Environment
  readonly progress?: (line: string) => void
  readonly repositoryUrl?: string
}

const REPOSITORY_URL = 'https://raw.githubusercontent.com/istio/api'
const FILE = 'kubernetes/customresourcedefinitions.gen.yaml'
const WHAT = `Istio CRDs ${ISTIO_API_VERSION}`
const LIMITS: DownloadLimits = { answerMs: 4_000, totalMs: 60_000, bytes: 4 * 1024 * 1024 }
const GO_MS = 120_000

/** @returns path of the YAML file, when it was fetched before. */
export async function findIstioCrds(env: Environment = process.env): Promise<string | undefined> {
  const file = istioCrdsFile(env)
  try {
    return isPinned(await readFile(file, 'utf8')) ? file : undefined
  } catch {
    return undefined
  }
}

/** @returns path of the YAML file. @throws KubernetesUnavailable */
export async function fetchIstioCrds(options: FetchIstioCrdsOptions = {}): Promise<string> {
  const { env = process.env, progress, repositoryUrl = REPOSITORY_URL } = options
  const cached = await findIstioCrds(env)
  if (cached !== undefined) return cached
  const file = istioCrdsFile(env)
  const ways = [
    { way: 'repository', get: () => downloadText(`${repositoryUrl}/v${ISTIO_API_VERSION}/${FILE}`, LIMITS) },
    { way: 'go module', get: () => fromGoModule(dirname(file), env) },
  ]
  const tried: TriedWay[] = []
  await mkdir(dirname(file), { recursive: true })
  for (const { way, get } of ways) {
    progress?.(`${WHAT}: trying ${way} …`)
    const text = await get()
    if (text.ok && isPinned(text.value)) {
      const making = `${file}.${process.pid}`
      await writeFile(making, text.value)
      await rename(making, file)
      progress?.(`${WHAT}: installed (${way}) in ${dirname(file)}`)
      return file
    }
    tried.push({ way, reason: text.ok ? 'its SHA-256 is not the one pinned for it' : text.error })
  }
  throw new KubernetesUnavailable(tried, WHAT)
}

const DOWNLOADED = z.object({ Dir: z.string() })

async function fromGoModule(folder: string, env: Environment): Promise<Result<string, string>> {
  // Outside of any module, as a go.mod nearby would have its say.
  const workshop = await mkdtemp(join(folder, '.new-'))
  try {
    const said = await runTool('go', ['mod', 'download', '-json', `istio.io/api@v${ISTIO_API_VERSION}`], {
      env,
      timeoutMs: GO_MS,
      cwd: workshop,
    })
    if (!said.ok) return said
    return ok(await readFile(join(DOWNLOADED.parse(JSON.parse(said.value)).Dir, FILE), 'utf8'))
  } catch (problem) {
    return err(problem instanceof Error ? problem.message : 'failed')
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

function isPinned(text: string): boolean {
  return createHash('sha256').update(text).digest('hex') === ISTIO_CRDS_SHA256
}
