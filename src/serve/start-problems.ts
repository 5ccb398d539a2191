/** What keeps a configured bridge from starting, in the words of its configuration, with the next step. Pure. */
import type { SettingsProblem } from '../authn/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

/** By the error codes of `listen` and `getaddrinfo`. */
const CAUSES: ReadonlyMap<string, readonly [cause: string, hint: string]> = new Map([
  [
    'EADDRINUSE',
    ['another process listens there', 'end it, or give this bridge an address of its own: two on one machine need two'],
  ],
  ['EACCES', ['this user may not', 'take a port from 1024 on, as in 127.0.0.1:9222']],
  [
    'EADDRNOTAVAIL',
    ['no interface of this machine has this address', 'write 127.0.0.1, or 0.0.0.0 for every interface'],
  ],
  ['ENOTFOUND', ['nobody knows this name', 'write an address of this machine, as in 127.0.0.1:9222']],
])

export function listenProblem({ host, port }: { host: string; port: number }, problem: unknown): Diagnostic {
  const code = problem instanceof Error && 'code' in problem ? String(problem.code) : 'unknown'
  const [cause, hint] = CAUSES.get(code) ?? [code, 'check the address and what this user may do']
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const message = `admin.listen: nothing can listen on ${address}: ${cause}`
  return { severity: 'error', code: 'listen-failed', message, hint }
}

export function issuerDiagnostic({ path, message, hint }: SettingsProblem): Diagnostic {
  const problem = {
    severity: 'error',
    code: 'issuer-unusable',
    message: `identity.issuers${path}: ${message}`,
  } as const
  return hint === undefined ? problem : { ...problem, hint }
}
