/**
 * What can go wrong between us and the Kubernetes API, as values. Of an answer only codes and words of a fixed form are repeated:
 * its prose may come from anywhere.
 */
import { isJsonObject } from '../lib/json.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

export type ProblemKind =
  /** The settings of the connection cannot be used. */
  | 'config'
  /** There is nothing to prove who we are with. */
  | 'credentials'
  | 'unreachable'
  | 'certificate'
  /** No answer in time, or a connection that went silent. */
  | 'silent'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  /** 410: what was asked for lies too far back. */
  | 'gone'
  /** Refused for the moment: overload, a server that starts or ends. */
  | 'busy'
  /** An answer that no Kubernetes API gives. */
  | 'answer'

export interface ApiProblem {
  readonly kind: ProblemKind
  /** One clause, lower case, no period. */
  readonly message: string
  readonly hint?: string
  /** As the server asked for it. */
  readonly retryAfterMs?: number
}

const HINTS: { readonly [kind in ProblemKind]?: string } = {
  unreachable: 'check the address, the API server and the network policies between',
  certificate: 'check the certificate authority of the kubeconfig, or that of the pod',
  silent: 'the API server is overloaded or hangs, or something between drops the packets',
  unauthorized: 'check that the token or certificate is of this cluster and has not expired',
  answer: 'check that the address is that of a Kubernetes API server and not of something before it',
}

export function apiProblem(kind: ProblemKind, message: string, hint = HINTS[kind]): ApiProblem {
  return { kind, message, ...(hint === undefined ? {} : { hint }) }
}

/** @param what beginning of the sentence: what could not be done */
export function problemDiagnostic({ kind, message, hint }: ApiProblem, what?: string): Diagnostic {
  return {
    severity: 'error',
    code: `cluster-${kind}`,
    message: what === undefined ? message : `${what}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  }
}

const MAX_RETRY_AFTER_MS = 10_000
const REASON = /^[A-Z][A-Za-z]{0,40}$/

/** Of an answer that is not 2xx. @param body its text, as far as it was read */
export function problemOfAnswer(status: number, body: string, retryAfter: string | undefined): ApiProblem {
  const answer = parseJson(body)
  const isStatus = isJsonObject(answer) && answer['kind'] === 'Status'
  const reason =
    isStatus && typeof answer['reason'] === 'string' && REASON.test(answer['reason']) ? answer['reason'] : ''
  const message = `the Kubernetes API answered ${status}${reason === '' ? '' : ` ${reason}`}`
  // Of a group that it does not have, the API server itself says so in plain text.
  if (status === 404) return apiProblem('not-found', message)
  if (status === 401) return apiProblem('unauthorized', message)
  if (status === 403 && isStatus) return apiProblem('forbidden', message)
  if (status === 410) return apiProblem('gone', message)
  if (status === 429 || status >= 500) {
    const seconds = Number(retryAfter)
    const problem = apiProblem('busy', message)
    if (!(seconds > 0)) return problem
    return { ...problem, retryAfterMs: Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) }
  }
  return apiProblem('answer', message)
}

/** `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text)
    return parsed
  } catch {
    return undefined
  }
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|ERR_TLS|SSL|ISSUER/

/** Of an exchange that broke. */
export function problemOfError(error: unknown): ApiProblem {
  const code = codeOf(error)
  if (CERTIFICATE.test(code)) {
    return apiProblem('certificate', `the certificate of the Kubernetes API was not accepted (${code})`)
  }
  if (code.startsWith('HPE_')) return apiProblem('answer', `the Kubernetes API answered with broken HTTP (${code})`)
  return apiProblem('unreachable', `the Kubernetes API cannot be reached${code === '' ? '' : ` (${code})`}`)
}

/** The stable part of an error of Node, such as `ECONNREFUSED`; empty when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : ''
}
