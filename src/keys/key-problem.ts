/** What is wrong with a key or an account JWT, as diagnostics. Names files and public keys, never a seed. Pure. */
import type { Diagnostic, Severity } from '../policy/diagnostic.ts'

const HINTS = {
  'key-file-unreadable': 'check the path, the mount and the permissions',
  'key-file-malformed': 'the file holds seeds, one on each line, and nothing else; `nib keys` makes one',
  'login-file-malformed': 'a password file holds the password alone; `nsc generate creds` writes a creds file',
  'login-other-account':
    'write it with `nsc generate creds --account <callout account> --name <user>`, or correct callout.account',
  'key-file-readable-by-all':
    'chmod 600 the file; for a Kubernetes Secret volume set defaultMode: 0400 (0440 with fsGroup)',
  'key-listed-twice': 'keep each key once',
  'account-jwt-unreadable': 'write it with `nsc describe account <name> --raw`, and check the path and the mount',
  'account-jwt-malformed': 'the file holds one account JWT, as `nsc describe account <name> --raw` writes it',
  'account-jwt-untrusted': 'use the JWT as the operator signed it, the one that nats-server resolves',
  'account-jwt-wrong-account': 'give the JWT of this account, or correct the public key',
  'account-jwt-expired': 'have the operator sign the account again, and replace the file',
  'account-jwt-missing': 'add jwtFile: without it nobody can tell a plain signing key from a scoped one',
  'account-jwt-unchecked':
    'add accountJwtFile, so that a mistake in the callout account is found here and not at every login',
  'signing-key-unlisted':
    'add the key with `nsc edit account <name> --sk <public key>`, push the account, replace the JWT file',
  'signing-key-scoped': 'make a plain signing key for the bridge: `nsc edit account <name> --sk generate`',
  'callout-off': 'name the service user in the account: `nsc edit authcallout --account <name> --auth-user <U…>`',
  'account-not-allowed':
    'allow it: `nsc edit authcallout --account <name> --allowed-account <A…>`, and push the account',
  'xkey-differs': 'make callout.xkey the key that the callout account names: `nsc edit authcallout --curve <X…>`',
} as const satisfies Record<string, string>

export type KeyProblemCode = keyof typeof HINTS

/** Where a problem lies: a part of the configuration, and the file when it is about one. */
export interface Place {
  readonly part: string
  readonly file?: string
}

export function keyProblem(
  code: KeyProblemCode,
  message: string,
  place: Place,
  severity: Severity = 'error',
): Diagnostic {
  return {
    severity,
    code,
    message,
    hint: HINTS[code],
    name: place.part,
    ...(place.file === undefined ? {} : { file: place.file }),
  }
}
