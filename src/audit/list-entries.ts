/** The entries of one permission list, as it stands in a user JWT. Pure. */
import { remember } from '../lib/remember.ts'
import { entryOf, type Entry } from '../policy/entry.ts'
import { parsePattern } from '../subject/index.ts'

const known = new WeakMap<readonly string[], readonly Entry[]>()

/** `subject`, or `subject queue`. Lists are frozen in a decision and asked many times: their entries are kept beside them. */
export function entriesIn(list: readonly string[]): readonly Entry[] {
  return remember(known, list, (texts) => texts.flatMap(entryIn))
}

/** None for what nobody writes into a list. */
function entryIn(text: string): Entry[] {
  const [subject = '', queue] = text.split(' ')
  const pattern = parsePattern(subject)
  const group = queue === undefined ? undefined : parsePattern(queue)
  if (!pattern.ok || group?.ok === false) return []
  return [entryOf(pattern.value, group?.value)]
}
