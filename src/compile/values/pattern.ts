/** Subject patterns as policy documents write them. Pure. */
import { z } from 'zod'
import { parsePattern, type Pattern } from '../../subject/index.ts'
import { quote } from '../../lib/spell.ts'
import { refuse } from './refuse.ts'

/** One pattern that nats-server would take for what its author means. */
export const pattern = z
  .string()
  .meta({ description: 'NATS subject pattern; * is one token, > is all that follow' })
  .transform((text, ctx): Pattern => {
    const parsed = parsePattern(text)
    if (parsed.ok) return parsed.value
    const reason = `is no subject pattern: ${parsed.error}`
    return refuse(ctx, text, { code: 'pattern-invalid', reason, hint: hintForPattern(text) })
  })

/** An empty list means everything to NATS and nothing to its reader, so it is refused. */
export const patterns = z.array(pattern).min(1)

/** Queue groups, spelled like subject patterns: nats-server reads wildcards in them too. */
export const queues = z
  .array(
    z
      .string()
      .meta({ description: 'name of a queue group; wildcards as in subjects' })
      .transform((text, ctx): Pattern => {
        const parsed = parsePattern(text)
        if (parsed.ok) return parsed.value
        return refuse(ctx, text, {
          code: 'queue-invalid',
          reason: `is no queue group: ${inWordsOfQueues(parsed.error)}`,
        })
      }),
  )
  .min(1)

function inWordsOfQueues(reason: string): string {
  return reason.replace(/^a subject /, 'a queue group ')
}

/** For text that is no pattern. */
export function hintForPattern(text: string): string | undefined {
  if (text === '') return 'a bare > begins a YAML block; if every subject is meant, write it in quotes: ">"'
  if (text !== text.trim()) return 'remove the blanks around it'
  const tokens = text.split('.')
  if (tokens.includes('')) return 'remove the extra dot'
  if (tokens.slice(0, -1).includes('>')) return 'use * for one token in the middle'
  if (tokens.some((token) => token.length > 1 && /[*>]/.test(token))) {
    if (text.includes('/')) return `tokens of a subject stand between dots: ${quote(text.replaceAll('/', '.'))}`
    return 'a wildcard must be a whole token, between dots: orders.* instead of orders-*'
  }
  if (/\s/.test(text)) return 'one pattern for each item of the list; queue groups go into queue'
  return undefined
}
