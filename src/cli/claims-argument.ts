/** Claims of an end-user token as a person types them: `role=admin`, `realm.roles=admin`, or whole as JSON. Pure. */
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { quote } from '../lib/spell.ts'

export interface ClaimOptions {
  readonly claim: readonly string[]
  readonly claims?: string
}

interface Mistake {
  readonly message: string
  readonly hint: string
}

/** `--claims` is the whole payload, `--claim` adds to it. @returns nothing when neither was given. */
export function readClaimOptions({ claim, claims }: ClaimOptions): Result<JsonObject | undefined, Mistake> {
  if (claims === undefined && claim.length === 0) return ok(undefined)
  const whole = claims === undefined ? {} : parseObject(claims)
  if (whole === undefined) {
    return err({
      message: '--claims is no JSON object',
      hint: `for example --claims '{"iss":"https://idp.example","sub":"ann"}'`,
    })
  }
  const single = parseClaims(claim)
  if (!single.ok) return err({ message: single.error, hint: 'for example --claim iss=https://idp.example' })
  // Without a prototype: `__proto__` is a name like any other.
  return ok(Object.assign(emptyClaims(), whole, single.value))
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return isJsonObject(value)
}

/** A dot goes into an object, as the matcher reads it. */
type TypedClaims = { [claim: string]: string | TypedClaims }

function parseClaims(texts: readonly string[]): Result<TypedClaims, string> {
  const claims = emptyClaims()
  for (const text of texts) {
    const [path = '', ...value] = text.split('=')
    if (path === '' || value.length === 0) return err(`claim ${quote(text)} is not written as path=value`)
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
