/** Between the codec and the callout: a request as the service works on it, whose answer goes back as the request came. */
import type { Opened } from '../callout/service.ts'
import { ok, type Result } from '../lib/result.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Envelope, OpenEnvelope } from '../wire/envelope.ts'
import type { MeetServer } from './server-remarks.ts'

export function openForService(
  open: OpenEnvelope,
  meet: MeetServer,
  envelope: Envelope,
  at: number,
): Result<Opened, RefusalCode> {
  const opened = open(envelope, at)
  if (!opened.ok) return opened
  const { login, answerBy, box, waitSeconds } = opened.value
  meet(login.server, waitSeconds)
  return ok({
    login,
    answerBy,
    seal(answer) {
      const bytes = Buffer.from(answer, 'latin1')
      return box === undefined ? bytes : box.seal(bytes)
    },
  })
}
