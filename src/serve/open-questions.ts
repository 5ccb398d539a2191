/** Puts together what answers questions to this bridge, and the doors that take them in. */
import { extname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTlsFiles, type TlsFiles } from '../admin/tls-files.ts'
import { createIdentifyCaller } from '../admin/caller.ts'
import { openAdminServer, type AdminPorts, type AdminServer } from '../admin/server.ts'
import type { PolicySources } from '../answers/answering.ts'
import type { RecordQuestion } from '../answers/incoming.ts'
import type { AuthenticateToken } from '../callout/ports.ts'
import type { Config } from '../config/index.ts'
import { openServiceLogin, type ServiceLogin } from '../keys/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Log } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { connectionHint } from '../wire/connection-hint.ts'
import { natsTls } from '../wire/nats-tls.ts'
import { openQuestionService, type QuestionService } from '../wire/question-service.ts'
import { createAnswerInline, createAnswerWorker } from './answer-worker.ts'
import { createQuestions, type Questions } from './questions.ts'
import { listenProblem } from './start-problems.ts'
import { openTopologyFile, type TopologyFile } from './topology-file.ts'

export interface QuestionsSetup {
  readonly config: Config
  /** Of the bridge. */
  readonly version: string
  readonly log: Log
  readonly metrics: Metrics
  readonly authenticate: AuthenticateToken
  /** Of the policy in force. */
  readonly sources: () => PolicySources | undefined
  readonly now: () => number
}

export interface OpenQuestions {
  readonly questions: Questions
  readonly record: RecordQuestion
}

export function openQuestions({ config, log, metrics, authenticate, sources, now }: QuestionsSetup): OpenQuestions {
  const { trustDomains, forbiddenAccounts, accounts, policy } = config
  const settings = { trustDomains, forbiddenAccounts, accounts, rootNamespace: policy.rootNamespace }
  // Node.js runs no TypeScript on a thread, as tests would have it.
  const worker = extname(import.meta.url) === '.ts' ? createAnswerInline(settings) : createAnswerWorker(settings)
  const record: RecordQuestion = (made) => {
    metrics.questionAsked(made)
    log.logger.info(made, `question ${made.outcome}`)
  }
  return { questions: createQuestions({ worker, sources, authenticate, record, now }), record }
}

/** What the doors of questions need from files. */
export interface QuestionFiles {
  /** Absent: plain HTTP. */
  readonly tls: TlsFiles | undefined
  /** Absent: no micro service. */
  readonly login: ServiceLogin | undefined
  readonly topology: TopologyFile | undefined
  close(): void
}

export async function openQuestionFiles(
  { admin, questions }: Config,
  now: () => number,
  log: (diagnostic: Diagnostic) => void,
): Promise<Result<QuestionFiles, readonly Diagnostic[]>> {
  const tls = admin.tls === undefined ? undefined : await openTlsFiles(admin.tls, { log })
  if (tls?.ok === false) return tls
  const login = questions.nats && (await openServiceLogin(questions.nats.credentials, { now, log }, LOGIN_PART))
  const { topologyFile } = questions
  const topology = topologyFile === undefined ? undefined : await openTopologyFile(topologyFile, log)
  const close = (): void => {
    tls?.value.close()
    topology?.close()
    if (login?.ok === true) login.value.close()
  }
  if (login?.ok !== false) return ok({ tls: tls?.value, login: login?.value, topology, close })
  close()
  return login
}

const LOGIN_PART = 'questions.nats.credentials'

/** @returns nothing when the configuration asks for no micro service. */
export function openQuestionMicroService(
  { config, log, version, now }: QuestionsSetup,
  { questions }: OpenQuestions,
  { login }: QuestionFiles,
): QuestionService | undefined {
  const { nats } = config.questions
  if (nats === undefined || login === undefined) return undefined
  const { servers, subjectPrefix } = nats
  const tls = natsTls(servers, nats.tls)
  const logger = log.logger.child({ room: 'questions' })
  return openQuestionService(
    { servers, subjectPrefix, version, authenticator: login.authenticator, ...(tls === undefined ? {} : { tls }) },
    {
      take: questions.take,
      changed(state, problem) {
        const hint = problem === undefined ? undefined : connectionHint(problem)
        logger[state === 'connected' ? 'info' : 'warn']({ problem, hint }, `micro service for questions ${state}`)
      },
    },
    { now, chance: Math.random, sleep: (milliseconds) => sleep(milliseconds, undefined, { ref: false }) },
  )
}

/** @returns why nobody can listen there, when nobody can. */
export async function openAdmin(
  { config, authenticate, now }: QuestionsSetup,
  { questions, record }: OpenQuestions,
  { tls }: QuestionFiles,
  ports: Omit<AdminPorts, 'questions'>,
): Promise<Result<AdminServer, Diagnostic>> {
  const { trustDomains, admin } = config
  const identify = createIdentifyCaller({ authenticate, trustDomains, auditors: admin.auditors, now })
  const { host, port } = admin
  try {
    return ok(
      await openAdminServer(
        { ...ports, questions: { identify, take: questions.take, record, now } },
        { host, port, ...(tls === undefined ? {} : { tls }) },
      ),
    )
  } catch (problem) {
    return err(listenProblem(admin, problem))
  }
}
