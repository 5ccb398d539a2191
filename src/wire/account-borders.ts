/**
 * Imports and exports as an account's JWT has them, for whoever has the file and no user of the system account. The signature is not
 * verified: the file is the reader's own, and what it says is only put into a topology.
 */
import { z } from 'zod'
import type { TopologyText } from '../audit/topology.ts'
import { err, ok, type Result } from '../lib/result.ts'

type AccountText = TopologyText['accounts'][string]

const kind = z.enum(['stream', 'service'])
const claims = z.object({
  nats: z.object({
    type: z.literal('account').optional(),
    imports: z
      .array(
        z.object({
          type: kind,
          account: z.string(),
          subject: z.string(),
          local_subject: z.string().default(''),
          to: z.string().default(''),
        }),
      )
      .default([]),
    exports: z.array(z.object({ type: kind, subject: z.string() })).default([]),
  }),
})

const TOKEN = /eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/

/** @param names of accounts by their public keys. */
export function bordersInJwt(
  text: string,
  names: ReadonlyMap<string, string>,
): Result<Pick<AccountText, 'imports' | 'exports'>, string> {
  const parsed = claims.safeParse(payloadOf(text))
  if (!parsed.success) return err('it holds no JWT of a NATS account')
  const { imports, exports } = parsed.data.nats
  return ok({
    imports: imports.map(({ type, account, subject, local_subject: local, to }) => ({
      kind: type,
      account: names.get(account) ?? account,
      ...renamed(type, subject, local, to),
    })),
    exports: exports.map(({ type, subject }) => ({ kind: type, subject })),
  })
}

/** `to`, which `local_subject` has replaced, is the subject here of a stream, and the subject there of a service. */
function renamed(type: z.infer<typeof kind>, subject: string, local: string, to: string) {
  if (local !== '') return { subject, localSubject: local }
  if (to === '') return { subject, localSubject: subject }
  return type === 'stream' ? { subject, localSubject: to } : { subject: to, localSubject: subject }
}

function payloadOf(text: string): unknown {
  const [, payload = ''] = TOKEN.exec(text) ?? []
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
