/**
 * The file that tells a running bridge of streams, imports and exports, read anew when it changes. A broken one is said in the log and
 * leaves the last good one; without any, answers say that they are not complete.
 */
import { parseTopology } from '../audit/topology.ts'
import { readText, watchFiles, type Loaded, type WatchTiming } from '../files/index.ts'
import { parseJson, type Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface TopologyFile {
  /** As `parseTopology` takes it; the same value until the file changes. */
  current(): Json | undefined
  close(): void
}

const MAX_BYTES = 64 * 1024 * 1024

export async function openTopologyFile(
  file: string,
  log: (diagnostic: Diagnostic) => void,
  watching?: WatchTiming,
): Promise<TopologyFile> {
  let topology: Json | undefined
  let told: string | undefined

  async function load(): Promise<Loaded> {
    const read = await readTopology(file)
    if (read.ok) {
      topology = read.value
      told = undefined
      return 'done'
    }
    if (told !== read.error) log(unusable(file, read.error, topology !== undefined))
    told = read.error
    return 'retry'
  }

  const watch = watchFiles({ ...watching, paths: [file], load })
  await watch.ready
  return { current: () => topology, close: () => watch.close() }
}

async function readTopology(file: string): Promise<Result<Json, string>> {
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return read
  const value = parseJson(read.value.text)
  if (value === undefined) return err('is not JSON')
  const topology = parseTopology(value)
  return topology.ok ? ok(value) : err(`is no topology: ${topology.error}`)
}

function unusable(file: string, reason: string, isKept: boolean): Diagnostic {
  const kept = isKept ? 'what was read before stays in use' : 'answers say that they are not complete'
  const message = `questions.topologyFile ${reason}; ${kept}`
  return { severity: 'error', code: 'topology-refused', message, hint: 'write it with nib topology', file }
}
