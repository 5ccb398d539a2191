/** What each hint must send its reader to: the command or the setting that mends it. */
export const NEXT_STEP: Readonly<Record<string, RegExp>> = {
  'key-file-unreadable': /path, the mount and the permissions/,
  'key-file-malformed': /`nib keys`/,
  'account-jwt-unreadable': /nsc describe account .* --raw/,
  'account-jwt-malformed': /nsc describe account .* --raw/,
  'account-jwt-untrusted': /as the operator signed it/,
  'account-jwt-wrong-account': /correct the public key/,
  'account-jwt-expired': /sign the account again/,
  'account-jwt-missing': /add jwtFile/,
  'signing-key-unlisted': /nsc edit account .* --sk/,
  'signing-key-scoped': /--sk generate/,
  'callout-off': /--auth-user/,
  'account-not-allowed': /--allowed-account/,
  'xkey-differs': /--curve/,
}
