/** What goes across the fields of `admin` in `bridge.yaml`. Pure. Reads the document as it was written. */
import type { Json } from '../lib/json.ts'
import { spellPath, valueAt, type Mistake } from './document.ts'

/** Auditors send their tokens here: whoever reads one on the way can log in to NATS with it. */
export function adminMistakes(document: Json): Mistake[] {
  const path = ['admin', 'auditors']
  if (valueAt(document, path) === undefined || valueAt(document, ['admin', 'tls']) !== undefined) return []
  const listen = valueAt(document, ['admin', 'listen'])
  if (typeof listen !== 'string' || LOOPBACK.test(listen)) return []
  const message = `${spellPath(path)} may ask over plain HTTP beyond loopback, where their tokens can be read on the way`
  const hint = 'set admin.tls, or listen on 127.0.0.1 behind a proxy that terminates TLS'
  return [{ severity: 'warning', code: 'admin-insecure', message, hint, path: ['admin', 'listen'] }]
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]):/
