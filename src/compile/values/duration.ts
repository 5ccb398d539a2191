/** Durations as Gateway API writes them (GEP-2257): `5s`, `2m`, `1h30m`, `500ms`. Pure. */
import { z } from 'zod'
import { refuse } from './refuse.ts'
import { adviseOnType } from './type-advice.ts'

const FORM = /^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/
const UNITS = 'write hours, minutes and seconds with their unit: 5s, 2m, 1h30m'
const MILLISECONDS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** @returns milliseconds, or `undefined` when the text is no such duration. */
export function parseDuration(text: string): number | undefined {
  if (!FORM.test(text)) return undefined
  let total = 0
  for (const [, count, unit = ''] of text.matchAll(/(\d+)(h|ms|m|s)/g))
    total += Number(count) * (MILLISECONDS[unit] ?? 0)
  return total
}

/** Milliseconds, at least one. */
export const durationMs = durationOf(1)

/** Whole seconds, at least one. */
export const durationSeconds = durationOf(1000).transform((milliseconds) => milliseconds / 1000)

function durationOf(unit: number) {
  const text = z.string().meta({ description: 'duration, such as 30s, 5m or 1h30m' })
  return adviseOnType(text, { expected: 'a duration', hint: () => UNITS }).transform((text, ctx) => {
    const milliseconds = parseDuration(text)
    if (milliseconds === undefined) {
      return refuse(ctx, text, { code: 'duration-invalid', reason: 'is no duration', hint: UNITS })
    }
    if (milliseconds > 0 && milliseconds % unit === 0) return milliseconds
    const reason = unit === 1 ? 'is no time at all' : 'is not one or more whole seconds'
    return refuse(ctx, text, {
      code: 'duration-invalid',
      reason,
      hint: unit === 1 ? 'the shortest is 1ms' : 'the shortest is 1s',
    })
  })
}
