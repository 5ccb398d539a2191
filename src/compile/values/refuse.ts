/** How a value that has the right type but not the right form is refused inside a zod schema. Pure. */
import { z } from 'zod'

/** Carried as the `params` of a custom zod issue; `schema-mistakes.ts` turns it into a mistake. */
export interface Refusal {
  readonly code: string
  /** Follows the quoted value: `"a..b" is no subject pattern: …`. */
  readonly reason: string
  readonly hint?: string | undefined
}

/** For use as `return refuse(ctx, text, {...})` in a transform. */
export function refuse(ctx: z.RefinementCtx, input: unknown, refusal: Refusal): never {
  ctx.issues.push({ code: 'custom', message: refusal.reason, input, params: { ...refusal } })
  return z.NEVER
}
