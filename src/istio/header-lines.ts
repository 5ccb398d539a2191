/**
 * The header lines of a request as Envoy's filters see them: measured on Envoy 1.40. Pure.
 * Most headers keep their lines apart. Those that Envoy knows by name are joined; those that end at a proxy are gone.
 */
import { toLowerAscii } from './text-match.ts'

export const AUTHORITY = ':authority'

/** Several lines of these become one text with commas, before anything is compared. */
const JOINED: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'access-control-request-private-network',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-type',
  'expect',
  'grpc-accept-encoding',
  'grpc-timeout',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'origin',
  'pragma',
  'referer',
  'user-agent',
  'via',
  'x-client-trace-id',
  'x-envoy-attempt-count',
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-external-address',
  'x-envoy-original-host',
  'x-envoy-original-path',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
])

/** Of one connection only, or of Envoy's own: no filter sees what a client sends under these names. */
const REMOVED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-internal',
  'x-envoy-ip-tags',
  'x-envoy-max-retries',
  'x-envoy-retry-on',
  'x-envoy-upstream-rq-timeout-ms',
])

/** By name in lower case, `host` as `:authority`; blanks around a value do not belong to it. */
export function readHeaderLines(
  headers: readonly (readonly [name: string, value: string])[],
): Map<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>()
  for (const [written, value] of headers) {
    const lower = toLowerAscii(written)
    const name = lower === 'host' ? AUTHORITY : lower
    if (REMOVED.has(name)) continue
    const others = lines.get(name)
    const line = trimBlanks(value)
    if (others === undefined) lines.set(name, [line])
    // An empty line adds nothing to a joined value, not even the comma.
    else
      lines.set(
        name,
        JOINED.has(name) ? [[...others, line].filter((each) => each !== '').join(',')] : [...others, line],
      )
  }
  return lines
}

export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text[start])) start += 1
  while (end > start && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
