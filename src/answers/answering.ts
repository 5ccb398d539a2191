/**
 * The bytes of a question -> the bytes of its answer, about the policy that was handed over last. Pure; does its work in one go, so
 * whoever answers logins beside it runs it on another thread.
 */
import type { Compilation, Compiler, SourceObject, SourceText } from '../compile/index.ts'
import { parseTopology } from '../audit/topology.ts'
import type { Principal } from '../identity/principal.ts'
import type { Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Decide } from '../policy/decide.ts'
import { answerText } from './answer.ts'
import { answer } from './ask.ts'
import { refusal, type Reply } from './outcome.ts'
import { parseQuestion } from './parse-question.ts'
import type { AskedPolicy } from './policy.ts'
import type { Problem } from './problem.ts'
import type { Ask } from './question.ts'
import { readBody } from './read-body.ts'

/** What a policy in force was compiled from. */
export interface PolicySources {
  /** Of the snapshot that came of it. */
  readonly snapshotId: string
  readonly texts: readonly SourceText[]
  /** Without text, as of the Kubernetes API; the same object as long as it does not change. */
  readonly objects: readonly SourceObject[]
  /** What is known of streams, imports and exports; see {@link parseTopology}. */
  readonly topology?: Json | undefined
}

export interface AskedBytes {
  readonly ask: Ask
  readonly body: Uint8Array
  /** Whom the token in the body names, once it is verified. */
  readonly holder?: Principal
}

export interface Answering {
  /** Compiled when the next question comes. */
  follow(sources: PolicySources): void
  /** @throws never */
  answer(question: AskedBytes): Reply
}

export interface AnsweringParts {
  /** With the options of the policy in force. */
  readonly compile: Compiler
  readonly decide: Decide
  /** That `ns/name` stands in. */
  readonly trustDomain: string
}

export function createAnswering({ compile, decide, trustDomain }: AnsweringParts): Answering {
  let sources: PolicySources | undefined
  let policy: AskedPolicy | undefined

  function currentPolicy(): Result<AskedPolicy, Problem> {
    if (policy !== undefined) return ok(policy)
    if (sources === undefined) return err(NO_POLICY)
    const compilation = compile(sources.texts, sources.objects)
    const asked = askedPolicy(compilation, sources.topology)
    // Answers about another policy than the one in force would be worse than none.
    if (asked?.snapshot.id !== sources.snapshotId) return err(OTHER_POLICY)
    policy = asked
    return ok(asked)
  }

  function tryAnswer({ ask, body, holder }: AskedBytes): Reply {
    const read = readBody(body)
    if (!read.ok) return refusal('invalid', read.error)
    const question = parseQuestion(ask, read.value, { trustDomain, ...(holder === undefined ? {} : { holder }) })
    if (!question.ok) return refusal('invalid', question.error)
    const asked = currentPolicy()
    if (!asked.ok) return refusal(asked.error === NO_POLICY ? 'unavailable' : 'failed', asked.error)
    const answered = answer(question.value, asked.value, { decide, compile })
    if (!answered.ok) return refusal('invalid', answered.error)
    return { outcome: 'answered', text: new TextEncoder().encode(answerText(answered.value)) }
  }

  return {
    follow(next) {
      if (next === sources) return
      sources = next
      policy = undefined
    },
    answer(question) {
      try {
        return tryAnswer(question)
      } catch (error) {
        return refusal('failed', fault(error))
      }
    },
  }
}

/** Its class alone: what it says could repeat the question. */
function fault(error: unknown): Problem {
  const message = `answering failed (${error instanceof Error ? error.name : 'unknown'})`
  return {
    code: 'answering-failed',
    message,
    hint: 'this is a fault of the bridge: please report it with the question',
  }
}

function askedPolicy(compilation: Compilation, known: Json | undefined): AskedPolicy | undefined {
  const { snapshot, diagnostics, serviceAccounts, routed } = compilation
  const topology = parseTopology(known)
  return (
    snapshot && { snapshot, diagnostics, serviceAccounts, routed, ...(topology.ok ? { topology: topology.value } : {}) }
  )
}

export const NO_POLICY: Problem = {
  code: 'policy-unavailable',
  message: 'no policy has been compiled yet',
  hint: '/readyz says what stands in the way',
}

const OTHER_POLICY: Problem = {
  code: 'answering-failed',
  message: 'the policy in force could not be compiled once more for answers',
  hint: 'ask again; if it stays so, this is a fault of the bridge',
}
