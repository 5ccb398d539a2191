/**
 * The pure decision: snapshot and principal in, account and permissions out. A principal seen before (every login but the
 * first), and a new one, among few rules and among many. Nothing is compared: the baseline decides nothing.
 */
import type { Principal } from '../../src/identity/principal.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { compilePolicy } from '../bridge-core.ts'
import { policyFiles } from '../policy.ts'
import { pick, workloadAt } from '../population.ts'
import { sampleCalls, type CallSample } from '../sample.ts'
import { median } from '../statistics.ts'
import { NAMESPACES, PERMISSION_SETS, type SizeName } from '../world.ts'

export interface DecisionRow extends CallSample {
  readonly size: SizeName
  /** Policy documents in the snapshot. */
  readonly documents: number
  readonly principal: 'known' | 'new'
}

const FEW = 0
const MANY = 1000
const PRINCIPALS = 500
const KNOWN_CALLS = 100_000
/** A known principal costs less than the clock can tell. */
const KNOWN_REPEAT = 100

export async function measureDecisions(rounds: number): Promise<readonly DecisionRow[]> {
  const rows: DecisionRow[] = []
  for (const size of ['small', 'large'] as const) {
    for (const others of [FEW, MANY]) {
      const files = policyFiles(PERMISSION_SETS[size], others)
      const snapshot = compilePolicy(files)
      const known: CallSample[] = []
      const fresh: CallSample[] = []
      // One round more than counts, to warm up.
      for (let round = 0; round <= rounds; round += 1) {
        const decide = createDecide(sha256Hex)
        const principals = Array.from({ length: PRINCIPALS }, (_, index) => principalAt(index))
        if (decide(snapshot, principalAt(0)).effect === 'deny')
          throw new Error('the bench’s policy refuses its workloads')
        const first = await sampleCalls(PRINCIPALS, 1, (index) => decide(snapshot, pick(principals, index)))
        const again = await sampleCalls(KNOWN_CALLS, KNOWN_REPEAT, (index) => decide(snapshot, pick(principals, index)))
        if (round === 0) continue
        fresh.push(first)
        known.push(again)
      }
      rows.push(
        { size, documents: files.length, principal: 'known', ...middle(known) },
        { size, documents: files.length, principal: 'new', ...middle(fresh) },
      )
    }
  }
  return rows
}

export function middle(samples: readonly CallSample[]): CallSample {
  return {
    callsPerSecond: median(samples.map(({ callsPerSecond }) => callsPerSecond)),
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
    p50Us: median(samples.map(({ p50Us }) => p50Us)),
    p99Us: median(samples.map(({ p99Us }) => p99Us)),
  }
}

function principalAt(index: number): Principal {
  return workloadAt(pick(NAMESPACES, index), `worker-${index}`)
}
