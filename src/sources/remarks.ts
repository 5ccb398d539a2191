/** What a policy source says of itself, and a compilation that cannot end the process. */
import type { Compilation } from '../compile/index.ts'
import type { Steps } from '../lib/steps.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'

/** A fault in the compiler must cost the edit, not the process. */
export function* compileSafely(compiling: Steps<Compilation>): Steps<Compilation> {
  try {
    return yield* compiling
  } catch (error) {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
    const message = `the policy compiler failed (${cause})`
    const hint = 'this is a fault of the bridge: please report it with the policy that was loaded'
    const diagnostics: Diagnostic[] = [{ severity: 'error', code: 'compiler-failed', message, hint }]
    return { diagnostics, withheld: message, serviceAccounts: [], routed: [] }
  }
}

export function policyKept(snapshot: Snapshot | undefined): Diagnostic {
  const code = 'policy-kept'
  const hint = 'correct what the other messages name; it is read again as soon as it changes'
  if (snapshot !== undefined) {
    const message = `the policy cannot be brought up to date; snapshot ${snapshot.id} stays in force`
    return { severity: 'error', code, message, hint }
  }
  const message = 'there is no policy that can be used, and no earlier snapshot: every login is refused'
  return { severity: 'error', code, message, hint }
}

export function policyCurrent(snapshot: Snapshot): Diagnostic {
  const message = `the policy is up to date again, with snapshot ${snapshot.id}`
  return { severity: 'info', code: 'policy-current', message }
}
