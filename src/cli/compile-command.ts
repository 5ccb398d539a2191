/**
 * `nib compile`: policy documents as the bridge would take them up, and what each principal gets, exactly as its user JWT says it.
 * Exit code 0, or 2 when a document is broken (with `--strict`, also when one deserves a warning,
 * or when a principal shown here is given less than it is granted).
 */
import { knownPrincipals, type PrincipalPattern } from '../audit/known-principals.ts'
import type { Principal } from '../identity/principal.ts'
import { permissionClaims } from '../issue/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { quote } from '../lib/spell.ts'
import { table } from '../lib/table.ts'
import { createDecide } from '../policy/decide.ts'
import type { Decision, DeliveryFilter, Permissions, Shortfall } from '../policy/decision.ts'
import { deliveryFilterOf } from '../policy/delivery-filter.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { tellGivenLess, type Given } from '../policy/given-less.ts'
import type { Limits } from '../policy/model.ts'
import { nameOrigin } from '../policy/origin.ts'
import { REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { isAtLeast, parseServerVersion, SINCE } from '../server-config/index.ts'
import { withBridgeConfig, type BridgeConfigOption } from './bridge-config-option.ts'
import { readClaimOptions, type ClaimOptions } from './claims-argument.ts'
import type { Input } from './input.ts'
import { loadSnapshot } from './load-snapshot.ts'
import { meshMistake } from './mesh.ts'
import type { MeshOptions } from './options.ts'
import { sha256Hex } from '../serve/sha256.ts'
import type { Output } from './output.ts'
import { parsePrincipal } from '../answers/principal-text.ts'
import { limitsInWords, repliesInWords } from './words.ts'

export interface CompileArguments extends MeshOptions, BridgeConfigOption, ClaimOptions {
  readonly policies: readonly string[]
  readonly principal?: readonly string[]
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
      /** Left out when there is none. */
      readonly limits?: Limits
      /** Granted, and not to be said in permission lists; left out when there is none. */
      readonly shortfalls?: readonly Shortfall[]
    } & Permissions)
  | { readonly principal: string; readonly refusal: RefusalCode }

export async function compileCommand(given: CompileArguments, output: Output, input?: Input): Promise<number> {
  const configured = await withBridgeConfig(given)
  if (!configured.ok) {
    output.diagnostics(configured.error)
    return 2
  }
  return await compileAsked(configured.value, output, input)
}

async function compileAsked(asked: CompileArguments, output: Output, input?: Input): Promise<number> {
  const named = readArguments(asked)
  if (!named.ok) {
    output.error(named.error.message, named.error.hint)
    return 2
  }
  const { trustDomain, alias: trustDomainAliases, rootNamespace, accounts } = asked
  const mesh = { trustDomain, trustDomainAliases, rootNamespace, ...(accounts === undefined ? {} : { accounts }) }
  const loaded = await loadSnapshot(asked.policies, { ...mesh, input })
  const snapshot = loaded.ok ? loaded.value.snapshot : undefined
  const known = loaded.ok
    ? knownPrincipals(loaded.value.snapshot, loaded.value.serviceAccounts)
    : { principals: [], patterns: [] }
  const principals = named.value ?? known.principals
  const filter = deliveryFilterOf(asked.serverVersion)
  const decided = snapshot === undefined ? [] : decideFor(snapshot, principals, accounts?.listed)
  const grants = decided.map((one) => grantOf(one, filter))
  const diagnostics = [
    ...(loaded.ok ? loaded.value.diagnostics : loaded.error),
    ...(snapshot === undefined ? [] : tellGivenLess(snapshot, decided.flatMap(given), filter)),
  ]
  // Who asks for some principals has no use for the others.
  const patterns = named.value === undefined ? known.patterns : []
  const isAccepted = isAcceptable(diagnostics, asked.strict === true)
  if (!asked.json || !isAccepted) output.diagnostics(diagnostics)
  if (asked.json) {
    output.json({
      ...(isAccepted ? {} : { error: refusal(snapshot !== undefined) }),
      snapshot: snapshot?.id ?? null,
      diagnostics,
      principals: grants,
      ...(patterns.length === 0 ? {} : { patterns }),
    })
  } else if (snapshot === undefined) output.line('nothing is in force: these documents give no snapshot')
  else printCompiled(snapshot, grants, patterns, output)
  return isAccepted ? 0 : 2
}

function refusal(hasSnapshot: boolean): { readonly code: string; readonly message: string } {
  return hasSnapshot
    ? { code: 'policies-not-as-written', message: 'the policies say less than is written, or deserve a warning' }
    : { code: 'policies-refused', message: 'these policies would not be put in force' }
}

interface Mistake {
  readonly message: string
  readonly hint?: string
}

/** @returns the principals that were asked for, `undefined` when none was; or what is wrong with the question. */
function readArguments(asked: CompileArguments): Result<readonly Principal[] | undefined, Mistake> {
  const { trustDomain, group: groups } = asked
  const wrong = meshMistake(asked) ?? versionMistake(asked.serverVersion)
  if (wrong !== undefined) return err({ message: wrong })
  const claims = readClaimOptions(asked)
  if (!claims.ok) return claims
  const isOfEndUser = claims.value !== undefined || groups.length > 0
  const hint = 'leave them out, or ask of an end user: --principal https://issuer/subject'
  if (asked.principal === undefined) {
    return isOfEndUser
      ? err({ message: 'claims and groups are of nobody, as no principal is named', hint })
      : ok(undefined)
  }
  const principals: Principal[] = []
  for (const text of asked.principal) {
    const principal = parsePrincipal(text, { trustDomain, claims: claims.value ?? {}, groups })
    if (!principal.ok) return err({ message: `principal ${quote(text)}: ${principal.error}` })
    principals.push(principal.value)
  }
  if (isOfEndUser && principals.every(({ requestAuth }) => requestAuth === undefined)) {
    return err({ message: 'claims and groups are for end users, and these principals are workloads', hint })
  }
  return ok(principals)
}

function versionMistake(text: string): string | undefined {
  const version = parseServerVersion(text)
  if (!version.ok) return `server version ${quote(text)}: ${version.error}`
  if (isAtLeast(version.value, SINCE.authCallout)) return undefined
  return `server version ${quote(text)}: nats-server has auth_callout since ${SINCE.authCallout}`
}

function isAcceptable(diagnostics: readonly Diagnostic[], isStrict: boolean): boolean {
  return !diagnostics.some(({ severity }) => severity === 'error' || (isStrict && severity === 'warning'))
}

interface Decided {
  readonly principal: Principal
  readonly decision: Decision
}

function decideFor(
  snapshot: Snapshot,
  principals: readonly Principal[],
  accounts: readonly string[] | undefined,
): Decided[] {
  const decide = createDecide(sha256Hex, accounts)
  return principals.map((principal) => ({ principal, decision: decide(snapshot, principal) }))
}

function given({ principal, decision }: Decided): readonly Given[] {
  return decision.effect === 'allow' ? [{ principal, decision }] : []
}

function grantOf({ principal, decision }: Decided, filter: DeliveryFilter): PrincipalGrant {
  if (decision.effect === 'deny') return { principal: principal.name, refusal: decision.code }
  const { limits } = decision
  const shortfalls = decision.shortfalls[filter]
  return {
    principal: principal.name,
    account: decision.account,
    ...permissionClaims(decision.permissions[filter]),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(shortfalls.length === 0 ? {} : { shortfalls }),
  }
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
  const { resp, limits = {}, shortfalls = [] } = grant
  return [
    ['account', '', grant.account],
    ...sideRows('publish', grant.pub),
    ...sideRows('subscribe', grant.sub),
    ...(resp === undefined ? [] : [['respond', '', repliesInWords(resp)]]),
    ...limitsInWords(limits).map((words, i) => [i === 0 ? 'limits' : '', '', words]),
    ...shortfalls.map(({ pattern, reason }) => ['given less', '', `${pattern}: ${reason}`]),
  ]
}

function sideRows(name: string, { allow, deny }: Permissions['pub']): string[][] {
  return [
    ...allow.map((entry, i) => [i === 0 ? name : '', i === 0 ? 'allow' : '', entry]),
    ...deny.map((entry, i) => [i === 0 && allow.length === 0 ? name : '', i === 0 ? 'deny' : '', entry]),
  ]
}
