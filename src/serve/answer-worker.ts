/**
 * Answers questions one after the other on a thread of its own: started at the first question, ended when nobody asked for a while,
 * and when an answer takes too long or too much memory, which costs that question and nothing else.
 */
import { Worker } from 'node:worker_threads'
import type { AskedBytes, PolicySources } from '../answers/answering.ts'
import { refusal, type Reply } from '../answers/outcome.ts'
import type { AnswerSettings, ToAnswerThread } from './answer-messages.ts'
import { answeringWith } from './create-answering.ts'
import { createSourcesSender } from './sent-sources.ts'

export interface AnswerWorker {
  /** Never twice at a time. Never rejects. @param sources of the policy in force. */
  answer(question: AskedBytes, sources: PolicySources): Promise<Reply>
  close(): Promise<void>
}

export interface AnswerLimits {
  /** Longest time for one answer, milliseconds. */
  readonly answerMs: number
  /** The thread ends when nobody asked for so many milliseconds. */
  readonly idleMs: number
  /** Memory of the thread, MiB. */
  readonly memoryMiB: number
}

const MIB = 1024 * 1024
const MOST_MEMORY_MIB = 1024
const LEAST_MEMORY_MIB = 128

/** A quarter of what the container may have, so that questions cannot end the process that answers logins. */
function memoryShare(): number {
  const allowed = process.constrainedMemory() / MIB
  if (!(allowed > 0)) return MOST_MEMORY_MIB
  return Math.max(LEAST_MEMORY_MIB, Math.min(MOST_MEMORY_MIB, Math.floor(allowed / 4)))
}

export const ANSWER_LIMITS: AnswerLimits = { answerMs: 30_000, idleMs: 300_000, memoryMiB: memoryShare() }

const THREAD = new URL('answer-thread.js', import.meta.url)

export function createAnswerWorker(settings: AnswerSettings, limits: AnswerLimits = ANSWER_LIMITS): AnswerWorker {
  let worker: Worker | undefined
  let send = createSourcesSender()
  let sent: PolicySources | undefined
  let idle: NodeJS.Timeout | undefined

  function running(): Worker {
    if (worker !== undefined) return worker
    const started = new Worker(THREAD, {
      workerData: settings,
      // Flags of the process are for its main thread; some of them end a thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMiB },
    })
    // It must not keep the process alive, nor end it: who waits for an answer hears of its end.
    started.unref()
    started.on('error', () => undefined)
    started.once('exit', () => {
      if (worker === started) worker = undefined
    })
    worker = started
    send = createSourcesSender()
    sent = undefined
    return started
  }

  async function end(): Promise<void> {
    const ended = worker
    worker = undefined
    clearTimeout(idle)
    await ended?.terminate()
  }

  return {
    async answer(question, sources) {
      clearTimeout(idle)
      const thread = running()
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      const post = (message: ToAnswerThread): void => thread.postMessage(message)
      if (sent !== sources) post({ kind: 'policy', sources: send(sources) })
      sent = sources
      const reply = awaitReply(thread, limits.answerMs)
      post({ kind: 'question', question })
      const given = await reply
      if (given === 'late' || given === 'ended') {
        await end()
        return given === 'late' ? TOO_LONG(limits.answerMs) : ENDED
      }
      idle = setTimeout(() => void end(), limits.idleMs).unref()
      return given
    },
    close: end,
  }
}

function awaitReply(thread: Worker, milliseconds: number): Promise<Reply | 'late' | 'ended'> {
  return new Promise((resolve) => {
    const settle = (outcome: Reply | 'late' | 'ended'): void => {
      clearTimeout(limit)
      thread.off('message', settle)
      thread.off('exit', ended)
      resolve(outcome)
    }
    const ended = (): void => settle('ended')
    const limit = setTimeout(settle, milliseconds, 'late')
    thread.on('message', settle)
    thread.on('exit', ended)
  })
}

const TOO_LONG = (milliseconds: number): Reply =>
  refusal('unavailable', {
    code: 'answer-too-long',
    message: `the answer took longer than ${milliseconds / 1000} seconds and was given up`,
    hint: 'ask something narrower, or ask the policy files: --policies in place of a running bridge',
  })

const ENDED: Reply = refusal('failed', {
  code: 'answering-failed',
  message: 'the thread that answers questions ended, most likely for want of memory',
  hint: 'ask something narrower, or ask the policy files: --policies in place of a running bridge',
})

/** The same without a thread: for a process that answers no logins, or runs from sources. */
export function createAnswerInline(settings: AnswerSettings): AnswerWorker {
  const answering = answeringWith(settings)
  return {
    async answer(question, sources) {
      answering.follow(sources)
      return await Promise.resolve(answering.answer(question))
    },
    close: () => Promise.resolve(),
  }
}
