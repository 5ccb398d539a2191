/** The two sides brought together: the same requests to a real Envoy and to our evaluator, and where their words differ. */
import { askEnvoy, REFUSED_LISTENER } from './ask-envoy.ts'
import type { Case, EnvoyAnswer, Filtered } from './case.ts'
import { createAuthority } from './certificates.ts'
import { drawRequest } from './draw-requests.ts'
import type { OurAnswer } from './evaluator.ts'
import { randomFrom } from './random.ts'
import { runEnvoy } from './run-envoy.ts'
import { createTokenIssuer } from './tokens.ts'

export interface AskedCase extends Case {
  readonly envoy: EnvoyAnswer
}

/** Listeners in one Envoy. */
const SETS_AT_ONCE = 250

/**
 * @param wanted number of cases, spread evenly over the sets.
 * @param seed of the requests.
 */
export async function askEnvoyCases(
  binary: string,
  sets: readonly Filtered[],
  wanted: number,
  seed: number,
  progress: (line: string) => void = () => undefined,
): Promise<AskedCase[]> {
  const authority = createAuthority()
  const tokens = createTokenIssuer()
  const credentials = {
    authority: authority.certificate,
    certificate: authority.certificateFor('spiffe://td1/ns/foo/sa/httpbin'),
    key: authority.key,
    keySet: tokens.keySet,
  }
  const each = Math.ceil(wanted / sets.length)
  const random = randomFrom(seed)
  const asked: AskedCase[] = []
  for (let start = 0; start < sets.length; start += SETS_AT_ONCE) {
    const some = sets.slice(start, start + SETS_AT_ONCE)
    const questions = some.flatMap((set, listener) => {
      const chance = random.fork()
      return Array.from({ length: each }, () => ({ set, listener, request: drawRequest(chance, set) }))
    })
    const envoy = await runEnvoy(binary, some, credentials)
    try {
      if (envoy.refusals !== '') progress(envoy.refusals.trim())
      const answers = await askEnvoy({ envoy, authority, tokens }, questions)
      for (const [index, { set, request }] of questions.entries()) asked.push({ set, request, envoy: answers[index]! })
    } finally {
      await envoy.stop()
    }
    progress(`${asked.length} cases answered by Envoy`)
  }
  return asked
}

export interface Disagreement extends AskedCase {
  readonly ours: OurAnswer
}

export interface Outcome {
  /** Cases that Envoy decided. */
  readonly decided: number
  /** Decided cases, by what decided them. */
  readonly byDecision: ReadonlyMap<string, number>
  /** What Envoy decided nothing about, by its word. */
  readonly undecided: ReadonlyMap<string, number>
  readonly disagreements: readonly Disagreement[]
}

export function compare(asked: readonly AskedCase[], ours: readonly OurAnswer[]): Outcome {
  const byDecision = new Map<string, number>()
  const undecided = new Map<string, number>()
  const disagreements: Disagreement[] = []
  const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
  for (const [index, one] of asked.entries()) {
    const { envoy } = one
    const mine = ours[index]!
    if ('undecided' in envoy) {
      count(undecided, envoy.undecided)
      // What Envoy cannot put in force must not get an answer from us.
      if (envoy.undecided === REFUSED_LISTENER && 'decision' in mine) disagreements.push({ ...one, ours: mine })
      continue
    }
    count(byDecision, `${envoy.decision} ${envoy.decidedBy.startsWith('ns[') ? 'by a rule' : envoy.decidedBy}`)
    if (!('decision' in mine) || mine.decision !== envoy.decision || mine.decidedBy !== envoy.decidedBy)
      disagreements.push({ ...one, ours: mine })
  }
  const decided = asked.length - [...undecided.values()].reduce((sum, number) => sum + number, 0)
  return { decided, byDecision, undecided, disagreements }
}
