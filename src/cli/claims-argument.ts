/** Claims of an end-user token as a person types them: `role=admin`, `realm.roles=admin`. Pure. */
import { err, ok, type Result } from '../lib/result.ts'

/** A dot goes into an object, as the matcher reads it. */
export type TypedClaims = { [claim: string]: string | TypedClaims }

export function parseClaims(texts: readonly string[]): Result<TypedClaims, string> {
  const claims = emptyClaims()
  for (const text of texts) {
    const [path = '', ...value] = text.split('=')
    if (path === '' || value.length === 0) return err(`claim "${text}" is not written as path=value`)
    place(claims, path.split('.'), value.join('='))
  }
  return ok(claims)
}

function place(claims: TypedClaims, steps: readonly string[], value: string): void {
  let inner = claims
  for (const step of steps.slice(0, -1)) {
    const next = inner[step]
    inner = typeof next === 'object' ? next : (inner[step] = emptyClaims())
  }
  inner[steps.at(-1) ?? ''] = value
}

/** Without a prototype: `__proto__` is a name like any other. */
function emptyClaims(): TypedClaims {
  const claims: TypedClaims = Object.create(null)
  return claims
}
