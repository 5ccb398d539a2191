/**
 * `nib compile`: policy documents as the bridge would take them up, and what each principal gets, exactly as its user JWT says it.
 * Exit code 0, or 2 when a document is broken (with `--strict`, also when one deserves a warning).
 */
import { knownPrincipals, type PrincipalPattern } from '../audit/known-principals.ts'
import type { Principal } from '../identity/principal.ts'
import { isTrustDomain } from '../identity/spiffe-id.ts'
import { permissionClaims } from '../issue/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { table } from '../lib/table.ts'
import { createDecide } from '../policy/decide.ts'
import type { Permissions, Shortfall } from '../policy/decision.ts'
import { deliveryFilterOf } from '../policy/delivery-filter.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { nameOrigin } from '../policy/origin.ts'
import { REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { parseServerVersion } from '../server-config/index.ts'
import { parseClaims } from './claims-argument.ts'
import type { Input } from './input.ts'
import { loadSnapshot } from './load-snapshot.ts'
import { sha256Hex } from '../serve/sha256.ts'
import type { Output } from './output.ts'
import { parsePrincipal } from './principal-argument.ts'
import { repliesInWords } from './words.ts'

export interface CompileArguments {
  readonly policies: readonly string[]
  readonly principal?: readonly string[]
  readonly trustDomain: string
  readonly alias: readonly string[]
  readonly rootNamespace: string
  readonly claim: readonly string[]
  readonly group: readonly string[]
  readonly serverVersion: string
  readonly strict?: true
  readonly json?: true
}

/** What one login gets: the account, and the permissions of the user JWT; or why there is none. */
export type PrincipalGrant =
  | ({
      readonly principal: string
      readonly account: string
      /** Granted, and not to be said in permission lists; left out when there is none. */
      readonly shortfalls?: readonly Shortfall[]
    } & Permissions)
  | { readonly principal: string; readonly refusal: RefusalCode }

export async function compileCommand(asked: CompileArguments, output: Output, input?: Input): Promise<number> {
  const named = readArguments(asked)
  if (!named.ok) {
    output.error(named.error)
    return 2
  }
  const { trustDomain, alias: trustDomainAliases, rootNamespace } = asked
  const loaded = await loadSnapshot(asked.policies, { trustDomain, trustDomainAliases, rootNamespace, input })
  const diagnostics = loaded.ok ? loaded.value.diagnostics : loaded.error
  const snapshot = loaded.ok ? loaded.value.snapshot : undefined
  const known = loaded.ok
    ? knownPrincipals(loaded.value.snapshot, loaded.value.serviceAccounts)
    : { principals: [], patterns: [] }
  const principals = named.value ?? known.principals
  const grants = snapshot === undefined ? [] : grantsOf(snapshot, principals, asked.serverVersion)
  // Who asks for some principals has no use for the others.
  const patterns = named.value === undefined ? known.patterns : []
  if (asked.json) {
    output.json({
      snapshot: snapshot?.id ?? null,
      diagnostics,
      principals: grants,
      ...(patterns.length === 0 ? {} : { patterns }),
    })
  } else {
    output.diagnostics(diagnostics)
    if (snapshot !== undefined) printCompiled(snapshot, grants, patterns, output)
  }
  return isAcceptable(diagnostics, asked.strict === true) ? 0 : 2
}

/** @returns the principals that were asked for, `undefined` when none was; or what is wrong with the question. */
function readArguments(asked: CompileArguments): Result<readonly Principal[] | undefined, string> {
  const { trustDomain, group: groups } = asked
  if (!isTrustDomain(trustDomain)) {
    return err(`trust domain "${trustDomain}" is made of other characters than a-z, 0-9, ".", "-" and "_"`)
  }
  const version = parseServerVersion(asked.serverVersion)
  if (!version.ok) return err(`server version "${asked.serverVersion}": ${version.error}`)
  const claims = parseClaims(asked.claim)
  if (!claims.ok) return claims
  if (asked.principal === undefined) return ok(undefined)
  const principals: Principal[] = []
  for (const text of asked.principal) {
    const principal = parsePrincipal(text, { trustDomain, claims: claims.value, groups })
    if (!principal.ok) return err(`principal "${text}": ${principal.error}`)
    principals.push(principal.value)
  }
  return ok(principals)
}

function isAcceptable(diagnostics: readonly Diagnostic[], isStrict: boolean): boolean {
  return !diagnostics.some(({ severity }) => severity === 'error' || (isStrict && severity === 'warning'))
}

function grantsOf(snapshot: Snapshot, principals: readonly Principal[], serverVersion: string): PrincipalGrant[] {
  const decide = createDecide(sha256Hex)
  const filter = deliveryFilterOf(serverVersion)
  return principals.map((principal): PrincipalGrant => {
    const decision = decide(snapshot, principal)
    if (decision.effect === 'deny') return { principal: principal.name, refusal: decision.code }
    const shortfalls = decision.shortfalls[filter]
    return {
      principal: principal.name,
      account: decision.account,
      ...permissionClaims(decision.permissions[filter]),
      ...(shortfalls.length === 0 ? {} : { shortfalls }),
    }
  })
}

function printCompiled(
  snapshot: Snapshot,
  grants: readonly PrincipalGrant[],
  patterns: readonly PrincipalPattern[],
  output: Output,
): void {
  output.line(`${output.paint('snapshot', 'strong')}  ${snapshot.id}`)
  for (const grant of grants) {
    output.line()
    output.line(output.paint(grant.principal, 'strong'))
    const rows =
      'refusal' in grant ? [['refused', `${grant.refusal}: ${REFUSALS[grant.refusal].meaning}`]] : rowsOf(grant)
    for (const line of table(['', '', ''], rows, { indent: 2 })) output.line(line)
  }
  if (patterns.length === 0) return
  output.line()
  output.line(output.paint('principals that are described, not named', 'strong'))
  const rows = patterns.map(({ description, rules }) => [description, rules.map(nameOrigin).join(', ')])
  for (const line of table(['', ''], rows, { indent: 2 })) output.line(line)
}

function rowsOf(grant: Exclude<PrincipalGrant, { readonly refusal: RefusalCode }>): string[][] {
  const { resp, shortfalls = [] } = grant
  return [
    ['account', '', grant.account],
    ...sideRows('publish', grant.pub),
    ...sideRows('subscribe', grant.sub),
    ...(resp === undefined ? [] : [['respond', '', repliesInWords(resp)]]),
    ...shortfalls.map(({ pattern, reason }) => ['given less', '', `${pattern}: ${reason}`]),
  ]
}

function sideRows(name: string, { allow, deny }: Permissions['pub']): string[][] {
  return [
    ...allow.map((entry, i) => [i === 0 ? name : '', i === 0 ? 'allow' : '', entry]),
    ...deny.map((entry, i) => [i === 0 && allow.length === 0 ? name : '', i === 0 ? 'deny' : '', entry]),
  ]
}
