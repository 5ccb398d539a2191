/**
 * `POST /v1/<question>`: who asks is proven first, then the body is read, with a limit. Every answer and every refusal is JSON; an error
 * is `{"error": {code, message, hint}}`. Nothing is sent that a browser of another origin could read.
 */
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { OUTCOMES, problemText, refusal, type Reply } from '../answers/outcome.ts'
import type { RecordQuestion, TakeQuestion } from '../answers/incoming.ts'
import { ASKS, isAsk, type Ask } from '../answers/question.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { IdentifyCaller } from './caller.ts'

export interface QuestionPorts {
  readonly identify: IdentifyCaller
  readonly take: TakeQuestion
  /** For questions that are refused before they are taken. */
  readonly record: RecordQuestion
  /** Milliseconds. */
  readonly now: () => number
}

interface Env {
  Bindings: HttpBindings
}

/** Callers whose credentials are looked at at a time: proving costs a signature. */
const MAX_PROVING = 32
const JSON_TYPE = 'application/json'

export function questionRoutes({ identify, take, record, now }: QuestionPorts): Hono<Env> {
  let proving = 0

  async function answer(ask: Ask, context: Context<Env>): Promise<Reply> {
    const since = now()
    const refuse = (reply: Reply, caller?: string): Reply => {
      record({ ask, via: 'http', caller, outcome: reply.outcome, code: reply.code, durationMs: now() - since })
      return reply
    }
    if (proving >= MAX_PROVING) return refuse(BUSY)
    proving += 1
    const caller = await identify({
      authorization: context.req.header('authorization'),
      socket: context.env.incoming.socket,
    }).finally(() => void (proving -= 1))
    if (caller.refusal !== undefined) return refuse(caller.refusal, caller.name)
    const { raw } = context.req
    return await take({
      ask,
      via: 'http',
      ...(caller.name === undefined ? {} : { caller: caller.name }),
      body: (maxBytes) => readJsonBody(raw, maxBytes),
      isGone: () => raw.signal.aborted,
    })
  }

  const app = new Hono<Env>()
  app.post('/:ask', async (context) => {
    const ask = context.req.param('ask')
    if (!isAsk(ask)) return context.body(NO_SUCH_QUESTION, 404, HEADERS)
    const { outcome, text } = await answer(ask, context)
    return context.body(text, OUTCOMES[outcome], headersOf(outcome))
  })
  app.all('/:ask', (context) =>
    isAsk(context.req.param('ask'))
      ? context.body(NOT_POSTED, 405, { ...HEADERS, allow: 'POST' })
      : context.body(NO_SUCH_QUESTION, 404, HEADERS),
  )
  return app
}

async function readJsonBody(request: Request, maxBytes: number): Promise<Result<Uint8Array, Reply>> {
  const read = await readBytes(request, maxBytes)
  if (read === 'too-large') return err(tooLarge(maxBytes))
  if (read === 'broken') return err(BROKEN)
  const [type] = (request.headers.get('content-type') ?? '').split(';')
  // What a form of another web site can send, with the certificate of whoever looks at it, is no question.
  return type?.trim().toLowerCase() === JSON_TYPE || (type === '' && read.length === 0) ? ok(read) : err(NOT_JSON)
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array | 'too-large' | 'broken'> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return 'too-large'
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length
      if (size > maxBytes) return 'too-large'
      chunks.push(chunk)
    }
  } catch {
    return 'broken'
  }
  return Buffer.concat(chunks)
}

const HEADERS = { 'content-type': JSON_TYPE, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function headersOf(outcome: Reply['outcome']): Record<string, string> {
  if (outcome === 'unauthenticated') return { ...HEADERS, 'www-authenticate': 'Bearer' }
  return outcome === 'busy' ? { ...HEADERS, 'retry-after': '1' } : HEADERS
}

const PATHS = ASKS.map((ask) => `/v1/${ask}`).join(', ')
const NO_SUCH_QUESTION = problemText({ code: 'no-such-question', message: 'there is no such question', hint: PATHS })
const NOT_POSTED = problemText({
  code: 'not-posted',
  message: 'questions are asked with POST',
  hint: `send the fields of the question as a JSON object, with content-type: ${JSON_TYPE}`,
})
const NOT_JSON = refusal('not-json', {
  code: 'not-json',
  message: 'the content-type of the question is not JSON',
  hint: `send it with content-type: ${JSON_TYPE}`,
})
const BROKEN = refusal('invalid', { code: 'question-invalid', message: 'the question broke off' })
const BUSY = refusal('busy', {
  code: 'busy',
  message: 'more callers than can be told apart at a time',
  hint: 'ask again in a moment',
})

function tooLarge(maxBytes: number): Reply {
  const message = `the question has more than ${maxBytes} bytes`
  return refusal('too-large', { code: 'too-large', message, hint: 'ask the policy files: --policies' })
}
