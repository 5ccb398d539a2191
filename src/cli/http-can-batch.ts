/**
 * `nib http can --batch`: JSON lines on standard input, one answer line each, in order.
 * A line that cannot be answered gets `{"error", "line"}` in its place, and the others go on.
 */
import {
  compilePolicies,
  completeRequest,
  evaluate,
  readAuthorizationPolicy,
  selectPolicies,
  type AuthorizationPolicy,
  type RuleSet,
  type Transport,
} from '../istio/index.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { LineError, readRequest, readSetup, type LineSetup } from './http-can-line.ts'
import type { Input } from './input.ts'
import { eachLine } from './lines.ts'
import type { Stream } from './output.ts'

/** What a line's policies were compiled to, or why they could not be. */
type Engine = { readonly rules: RuleSet; readonly transport: Transport } | { readonly problem: string }

interface Asked {
  readonly engine: Engine
  readonly request: Json | undefined
}

export interface BatchOptions {
  readonly defaults: LineSetup
  /** For lines without policies of their own. */
  readonly policies?: readonly AuthorizationPolicy[]
}

export const BAD_REQUEST = 'bad-request'

const KEPT_ENGINES = 256
/** Longer setups are compiled for each line: they are not worth the memory. */
const MAX_KEY = 65_536
/** Answers are written in pieces of about this many characters. */
const PIECE = 65_536
const REQUEST_MEMBER = '"request":'

/** @returns whether every line was answered. */
export async function answerLines(input: Input, out: Stream, options: BatchOptions): Promise<boolean> {
  const answer = createAnswer(options)
  let answered = true
  let number = 0
  let piece = ''
  for await (const lines of eachLine(input)) {
    for (const line of lines) {
      number += 1
      try {
        if (line === undefined) throw new LineError('the line is too long')
        // Answers stay in step with the lines.
        if (line.trim() === '') throw new LineError('the line is empty')
        piece += answer(line)
      } catch (problem) {
        const error = reasonOf(problem)
        if (error === undefined) throw problem
        answered = false
        piece += `${JSON.stringify({ error, line: number })}\n`
      }
      if (piece.length < PIECE) continue
      out.write(piece)
      piece = ''
    }
    // Whoever talks line by line waits for the answer.
    if (piece !== '') out.write(piece)
    piece = ''
  }
  return answered
}

/** @returns why a line cannot be answered; `undefined` when the fault is not the line's. */
function reasonOf(problem: unknown): string | undefined {
  if (problem instanceof LineError) return problem.message
  if (problem instanceof SyntaxError) return 'the line is no JSON'
  return problem instanceof RangeError ? 'the line is nested too deeply' : undefined
}

function createAnswer(options: BatchOptions): (line: string) => string {
  const engines = createBoundedMap<string, Engine>(KEPT_ENGINES)
  /** Beginnings of lines that are no whole setup. */
  const odd = createBoundedMap<string, true>(KEPT_ENGINES)
  /** Lines of one batch come in runs of the same setup. */
  let latest: { readonly head: string; readonly engine: Engine } | undefined

  function engineOf(key: string, setup: () => JsonObject): Engine {
    const known = engines.get(key)
    if (known !== undefined) return known
    const made = createEngine(readSetup(setup(), options.defaults), options.policies)
    if (key.length <= MAX_KEY) engines.set(key, made)
    return made
  }

  /**
   * Lines of one batch mostly begin with the same policies. Where all up to the request is known already, only the request is
   * parsed. Both parts parse by themselves, so together they say what the whole line says.
   */
  function askKnown(line: string): Asked | undefined {
    if (latest !== undefined && line.startsWith(latest.head) && line.startsWith(REQUEST_MEMBER, latest.head.length))
      return askTail(line, latest.head.length, latest.engine)
    const at = line.indexOf(REQUEST_MEMBER)
    if (at < 0 || at > MAX_KEY) return undefined
    const head = alone(line.slice(0, at))
    if (odd.get(head) === true) return undefined
    const engine = engineOfHead(head)
    if (engine === undefined) return undefined
    latest = { head, engine }
    return askTail(line, at, engine)
  }

  /** Behind the request nothing else may stand, as it would be part of the setup. */
  function askTail(line: string, at: number, engine: Engine): Asked | undefined {
    const tail = parseObject(`{${line.slice(at)}`)
    return Object.keys(tail).length === 1 ? { engine, request: tail['request'] } : undefined
  }

  function engineOfHead(head: string): Engine | undefined {
    try {
      return engineOf(head, () => parseObject(`${head}${REQUEST_MEMBER}null}`))
    } catch (problem) {
      if (reasonOf(problem) === undefined) throw problem
      odd.set(head, true)
      return undefined
    }
  }

  function askWhole(line: string): Asked {
    const whole = parseObject(line)
    const { request, ...setup } = whole
    return { engine: engineOf(JSON.stringify(setup), () => setup), request }
  }

  return (line) => {
    const { engine, request } = askKnown(line) ?? askWhole(line)
    if ('problem' in engine) throw new LineError(engine.problem)
    if (request === undefined || request === null) throw new LineError('the line has no "request"')
    const attributes = completeRequest(readRequest(request), engine.transport)
    if (attributes === undefined) return `{"decision":"deny","decidedBy":"${BAD_REQUEST}"}\n`
    const { decision, decidedBy } = evaluate(engine.rules, attributes)
    return `{"decision":"${decision}","decidedBy":${JSON.stringify(decidedBy)}}\n`
  }
}

function createEngine(setup: LineSetup, folder: readonly AuthorizationPolicy[] | undefined): Engine {
  const { mesh, transport, workload } = setup
  const policies = setup.policies === undefined ? folder : readAll(setup.policies)
  if (policies === undefined) return { problem: 'the line has no "policies", and no --policies folder was given' }
  if ('problem' in policies) return policies
  const selected = selectPolicies(policies, workload, mesh)
  return { rules: compilePolicies(selected, { mesh, transport }).enforced, transport }
}

/**
 * As proxies get them: what only Istio's webhook refuses is read all the same, and compiled as istiod compiles it.
 * A path template that Envoy refuses would leave the old policies in force: no answer can be given.
 */
function readAll(documents: readonly Json[]): readonly AuthorizationPolicy[] | { readonly problem: string } {
  const policies: AuthorizationPolicy[] = []
  for (const [index, document] of documents.entries()) {
    const { policy, broken, refused } = readAuthorizationPolicy(document)
    const mistake = broken[0] ?? refused.find(({ code }) => code === 'path-template-invalid')
    if (mistake !== undefined || policy === undefined)
      return { problem: `policies[${index}]: ${mistake?.message ?? ''}` }
    policies.push(policy)
  }
  return policies
}

/** A piece of a larger text keeps all of it in memory; this one does not. */
function alone(text: string): string {
  return Buffer.from(text).toString()
}

function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text)
  if (!isJson(value)) throw new LineError('the line is no JSON object')
  return value
}

function isJson(value: unknown): value is JsonObject {
  return isJsonObject(value)
}
