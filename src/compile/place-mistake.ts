/** A mistake in an object -> a diagnostic with the file and the place where it stands. Pure. */
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Mistake } from './mistake.ts'
import type { SourceObject } from './source-object.ts'

export function placeMistake(object: SourceObject, mistake: Mistake): Diagnostic {
  const { severity = 'error', code, message, hint, path, atKey, position } = mistake
  return {
    severity,
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(object.file === undefined ? {} : { file: object.file }),
    ...(position ?? object.locate(path, atKey === true)),
  }
}
