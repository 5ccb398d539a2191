/** The thread that answers questions, so that no question, however large, delays a login. Started by `answer-worker.ts` alone. */
import { parentPort, workerData } from 'node:worker_threads'
import type { AnswerSettings, FromAnswerThread, ToAnswerThread } from './answer-messages.ts'
import { answeringWith } from './create-answering.ts'
import { createSourcesReceiver } from './sent-sources.ts'

const settings: AnswerSettings = workerData
const answering = answeringWith(settings)
const receive = createSourcesReceiver()

parentPort?.on('message', (message: ToAnswerThread) => {
  if (message.kind === 'policy') return answering.follow(receive(message.sources))
  const reply: FromAnswerThread = answering.answer(message.question)
  // Moved, not copied: an access review can have many megabytes.
  parentPort?.postMessage(reply, [reply.text.buffer])
})
