/** What the author of a route should know about the policies that rule it, in words. Pure. */
import type { CallerTerm, CompiledRule, OperationTerm, PathMatch } from '../istio/index.ts'
import type { Severity } from '../policy/diagnostic.ts'
import type { Region } from './region.ts'
import type { Route } from './route.ts'

/** About a route; whoever knows the documents adds the place. */
export interface Remark {
  readonly severity: Severity
  readonly code: string
  readonly message: string
  readonly hint: string
}

type CallerField = CallerTerm['field']

/** Nothing that a client shows at CONNECT says anything of these. */
const UNKNOWN_FIELDS: Partial<Record<CallerField, string>> = {
  header: 'request headers, which a client of NATS does not have',
  sourceIp: 'source.ip, which is not known on NATS',
  remoteIp: 'remote.ip, which is not known on NATS',
}

export function isUnknowable(terms: readonly CallerTerm[]): boolean {
  return terms.some(({ field }) => UNKNOWN_FIELDS[field] !== undefined)
}

/** Of one route, each once. */
export class Remarks {
  readonly #route: Route
  readonly #byMessage = new Map<string, Remark>()

  constructor(route: Route) {
    this.#route = route
  }

  all(): readonly Remark[] {
    return [...this.#byMessage.values()]
  }

  onAllow(rule: CompiledRule, { patterns, inexact, unknown }: Region): void {
    for (const { match, isLeftOut } of inexact) {
      const message = `${nameRule(rule)} ${isLeftOut ? 'leaves out' : 'allows'} ${spellPath(match)}, which whole tokens cannot say: ${this.#name()} gives less than HTTP`
      this.#add('warning', 'route-inexact', message, 'end paths at a slash ("/x/*"), write them out, or use {*}')
    }
    for (const what of unknown.map(wordFor)) {
      const message = `${nameRule(rule)} asks for ${what}: it allows nothing on ${this.#name()}`
      this.#add('warning', 'route-unknown', message, HINT_UNKNOWN)
    }
    if (patterns.length === 0) return
    for (const what of unknownCallers(rule)) {
      const message = `${nameRule(rule)} asks for ${what}: where it does, it allows nobody on ${this.#name()}`
      this.#add('warning', 'route-unknown', message, HINT_UNKNOWN)
    }
  }

  onDeny(rule: CompiledRule, { patterns, inexact, unknown }: Region, isCustom: boolean): void {
    if (patterns.length === 0) return
    if (isCustom) {
      const message = `${nameRule(rule)} is CUSTOM and may match: ${this.#name()} is refused where it does, as its provider cannot be asked`
      this.#add(
        'warning',
        'route-custom',
        message,
        'name the operations that the provider decides, or leave them out of the routes',
      )
    }
    for (const { match, isLeftOut } of inexact) {
      const message = `${nameRule(rule)} ${isLeftOut ? 'leaves out' : 'speaks of'} ${spellPath(match)}, which whole tokens cannot say: ${this.#name()} denies more than HTTP`
      this.#add('warning', 'route-inexact', message, 'end paths at a slash ("/x/*"), write them out, or use {*}')
    }
    // What is not known of a CUSTOM rule is its provider first of all.
    if (isCustom) return
    for (const what of [...unknown.map(wordFor), ...unknownCallers(rule)]) {
      const message = `${nameRule(rule)} asks for ${what}: it denies ${this.#name()} whatever that is`
      this.#add('warning', 'route-unknown', message, HINT_UNKNOWN)
    }
  }

  onDryRun(rule: CompiledRule, effect: 'allow' | 'deny'): void {
    const message = `${nameRule(rule)} is dry-run: enforced it would ${effect} something on ${this.#name()}`
    this.#add('info', 'route-dry-run', message, 'remove the annotation istio.io/dry-run to enforce it')
  }

  onNoPolicy(): void {
    const message = `no ALLOW policy selects the workload: nobody may use ${this.#name()}`
    this.#add(
      'warning',
      'route-no-policy',
      message,
      'write an AuthorizationPolicy, or whenNoPolicy: Allow for what Istio does then',
    )
  }

  /** Unless it was told already why. */
  onNobody(): void {
    if (this.#byMessage.size > 0) return
    const message = `no rule of the policies that select the workload allows anybody on ${this.#name()}`
    this.#add('info', 'route-nobody', message, 'compare its method and path with those in the policies')
  }

  #name(): string {
    return `route ${this.#route.subject.text}`
  }

  #add(severity: Severity, code: string, message: string, hint: string): void {
    this.#byMessage.set(message, { severity, code, message, hint })
  }
}

const HINT_UNKNOWN = 'what is not known never allows and always denies; a port can be named in the SubjectRoute'

/** `rule 0 of AuthorizationPolicy shop/orders`. */
function nameRule({ policy, rule }: CompiledRule): string {
  return `rule ${rule} of AuthorizationPolicy ${policy.namespace}/${policy.name}`
}

/** As the policy spells it. */
export function spellPath(match: PathMatch): string {
  switch (match.is) {
    case 'presence':
      return '"*"'
    case 'exact':
      return JSON.stringify(match.value)
    case 'prefix':
      return JSON.stringify(`${match.value}*`)
    case 'suffix':
      return JSON.stringify(`*${match.value}`)
    default:
      return JSON.stringify(match.template)
  }
}

function unknownCallers({ callers }: CompiledRule): string[] {
  return [...new Set(callers.flat().flatMap(({ field }) => UNKNOWN_FIELDS[field] ?? []))]
}

function wordFor({ field }: OperationTerm): string {
  if (field === 'port') return 'a port, and the SubjectRoute names none'
  return `${UNKNOWN_OF_OPERATIONS[field] ?? field}, which is not known on NATS`
}

const UNKNOWN_OF_OPERATIONS: Partial<Record<OperationTerm['field'], string>> = {
  destinationIp: 'destination.ip',
  sni: 'connection.sni',
  filterMetadata: 'metadata of an Envoy filter',
}
