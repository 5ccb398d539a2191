/**
 * The one place where commands ask: of policy files here, or of a bridge that runs. Whoever answers, the question goes out as
 * text and the answer is the same.
 */
import type { Answer, AnswerTo } from '../answers/answer.ts'
import type { Problem } from '../answers/problem.ts'
import type { Ask, QuestionText } from '../answers/question.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createBridgeAsker } from './ask-bridge.ts'
import { createOfflineAsker } from './ask-offline.ts'
import type { Asker, AskOptions } from './asker.ts'
import type { Input } from './input.ts'
import type { Output } from './output.ts'

export interface AskContext {
  readonly output: Output
  readonly input?: Input | undefined
  /** Tell only what makes the policies say less than is written: the answer is about something else. */
  readonly quiet?: true
}

/** @returns the answer; or nothing, when the problem has been told. */
export async function askPolicy<A extends Ask>(
  question: QuestionText<A>,
  options: AskOptions,
  { output, input, quiet }: AskContext,
): Promise<AnswerTo<A> | undefined> {
  const notice = (diagnostics: readonly Diagnostic[]): void =>
    output.diagnostics(quiet ? diagnostics.filter(({ severity }) => severity === 'error') : diagnostics)
  const asker = createAsker(options, input, notice)
  const answered = asker.ok ? await asker.value.ask(question) : asker
  if (answered.ok && isAnswerTo(answered.value, question.ask)) return answered.value
  tell(
    answered.ok ? { code: 'answer-unexpected', message: 'the answer is one to another question' } : answered.error,
    output,
  )
  return undefined
}

/** @param notice is told what the policies themselves have to say, whatever is asked of them. */
function createAsker(
  options: AskOptions,
  input: Input | undefined,
  notice: (diagnostics: readonly Diagnostic[]) => void,
): Result<Asker, Problem> {
  const { policies = [], kubeconfig, bridge, nats } = options
  if (bridge !== undefined) return createBridgeAsker(bridge, options, notice)
  if (nats !== undefined) return ok({ ask: async (question) => await askOverNats(nats, options, question) })
  if (policies.length === 0 && kubeconfig === undefined) {
    const hint =
      'name their folder: --policies ./policy; a cluster: --kubeconfig FILE; or a running bridge: --bridge https://…, --nats nats://…'
    return err({ code: 'nobody-to-ask', message: 'no policies were given', hint })
  }
  return createOfflineAsker(options, input, notice)
}

/** The client library is loaded when it is needed. */
async function askOverNats(url: string, options: AskOptions, question: QuestionText): Promise<Result<Answer, Problem>> {
  const { askNats } = await import('./ask-nats.ts')
  return await askNats(url, options, question)
}

function isAnswerTo<A extends Ask>(answer: Answer, ask: A): answer is AnswerTo<A> {
  return answer.ask === ask
}

function tell({ code, message, hint, diagnostics = [] }: Problem, output: Output): void {
  output.diagnostics(diagnostics)
  output.error(message, hint, code)
}
