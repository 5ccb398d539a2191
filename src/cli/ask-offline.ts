/** Answers from policy files, a cluster, or both, without a bridge: by the engine that decides logins, on what they say now. */
import { answer } from '../answers/ask.ts'
import { parseQuestion, tokenIn } from '../answers/parse-question.ts'
import type { AskedPolicy } from '../answers/policy.ts'
import type { Problem } from '../answers/problem.ts'
import { createCompiler, type Compiler, type SourceObject } from '../compile/index.ts'
import type { Principal } from '../identity/principal.ts'
import type { Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createDecide } from '../policy/decide.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { sha256Hex } from '../serve/sha256.ts'
import type { Asker, AskOptions } from './asker.ts'
import type { Input } from './input.ts'
import { compileOptionsOf, readPolicyTexts } from './load-snapshot.ts'
import { meshMistake } from './mesh.ts'
import { holderOfToken } from './token-argument.ts'
import { readTopology } from './topology-file.ts'

type Notice = (diagnostics: readonly Diagnostic[]) => void

/** @param notice is told what the compiler has to say, also when there is an answer. */
export function createOfflineAsker(
  options: AskOptions,
  input: Input | undefined,
  notice: Notice,
): Result<Asker, Problem> {
  const wrong = meshMistake(options)
  if (wrong !== undefined) return err({ code: 'trust-domain-invalid', message: wrong })
  return ok({
    async ask({ ask, body }) {
      const holder = readHolder(body, options, notice)
      if (!holder.ok) return holder
      const { trustDomain } = options
      const question = parseQuestion(ask, body, {
        trustDomain,
        ...(holder.value === undefined ? {} : { holder: holder.value }),
      })
      if (!question.ok) return question
      const compile = createCompiler(compileOptionsOf(options))
      const topology = await readTopology(options.topology)
      if (!topology.ok) return topology
      const policy = await loadPolicy(options, input, compile, notice)
      if (!policy.ok) return policy
      const known = topology.value === undefined ? {} : { topology: topology.value }
      return answer(question.value, { ...policy.value, ...known }, { decide: createDecide(sha256Hex), compile })
    },
  })
}

function readHolder(body: Json, options: AskOptions, notice: Notice): Result<Principal | undefined, Problem> {
  const token = tokenIn(body)
  if (token === undefined) return ok(undefined)
  const holder = holderOfToken(token, options)
  const message = 'the token was decoded, not verified: nothing proves that a login with it would succeed'
  notice([{ severity: 'warning', code: 'token-not-verified', message }])
  return holder
}

async function loadPolicy(
  { policies = [], kubeconfig, context }: AskOptions,
  input: Input | undefined,
  compile: Compiler,
  notice: Notice,
): Promise<Result<AskedPolicy, Problem>> {
  const texts = await readPolicyTexts(policies, input)
  if (!texts.ok) return err(refused(texts.error))
  const objects = await objectsOf(kubeconfig, context)
  if (!objects.ok) return objects
  const { snapshot, withheld: _, ...beside } = compile(texts.value, objects.value)
  if (snapshot === undefined) return err(refused(beside.diagnostics))
  notice(beside.diagnostics)
  return ok({ snapshot, ...beside })
}

/** The client of the Kubernetes API is loaded when it is needed. */
async function objectsOf(
  kubeconfig: string | undefined,
  context: string | undefined,
): Promise<Result<readonly SourceObject[], Problem>> {
  if (kubeconfig === undefined) return ok([])
  const { readClusterObjects } = await import('./cluster-objects.ts')
  return await readClusterObjects({ kubeconfig, ...(context === undefined ? {} : { context }) })
}

function refused(diagnostics: readonly Diagnostic[]): Problem {
  const message = 'these policies would not be put in force, so nothing can be asked of them'
  return { code: 'policies-refused', message, diagnostics }
}
