/** The file that says what is known of streams, imports and exports, for questions that are asked offline. */
import type { Problem } from '../answers/problem.ts'
import { parseTopology, type Topology } from '../audit/topology.ts'
import { readText } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'

const MAX_BYTES = 64 * 1024 * 1024

/** @returns nothing when no file is named. */
export async function readTopology(file: string | undefined): Promise<Result<Topology | undefined, Problem>> {
  if (file === undefined) return ok(undefined)
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return err(refused(file, read.error))
  const value = parse(read.value.text)
  if (value === undefined) return err(refused(file, 'is not JSON'))
  const topology = parseTopology(value)
  return topology.ok ? topology : err(refused(file, `is no topology: ${topology.error}`))
}

function refused(file: string, reason: string): Problem {
  return { code: 'topology-refused', message: `${file} ${reason}`, hint: 'docs/roundabout-ways.md says what it holds' }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
