/** A workload that calls, as a person types it: `ns/name`, a SPIFFE ID, or one as policies write it, without its scheme. Pure. */
import { parsePrincipal } from '../answers/principal-text.ts'

export const WORKLOAD_EXPECTED = 'write ns/name or a SPIFFE ID; a token goes into claims'

/** @returns its SPIFFE ID; nothing when the text names no workload. */
export function workloadUri(text: string, trustDomain: string): string | undefined {
  const whole = !text.includes('://') && text.includes('/ns/') ? `spiffe://${text}` : text
  const parsed = parsePrincipal(whole, { trustDomain, claims: {}, groups: [] })
  return parsed.ok ? parsed.value.workload?.spiffeId.uri : undefined
}
