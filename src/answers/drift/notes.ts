/** What is worth knowing of a service beside the differences between HTTP and NATS. Pure. */
import type { RuledRoutes } from '../../compile/index.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { REFUSALS, type RefusalCode } from '../../policy/refusal.ts'
import type { Route } from '../../route/index.ts'
import type { AskedPolicy } from '../policy.ts'
import type { CallerGroup } from './callers.ts'
import type { HttpSays } from './http-side.ts'
import type { DriftNote } from './line.ts'

const MOST_NAMES = 3
const VERDICTS = { allow: 'allowed', deny: 'refused', depends: 'allowed at times' } as const

interface Change {
  readonly from: HttpSays
  readonly to: HttpSays
  readonly group: CallerGroup
}

export class Notes {
  readonly #ruled: RuledRoutes
  readonly #service: string
  readonly #notes: DriftNote[] = []
  readonly #callable = new Set<Route>()
  /** Route, then what would change, then for whom. */
  readonly #dryRun = new Map<Route, Map<string, Set<string>>>()

  constructor(ruled: RuledRoutes) {
    this.#ruled = ruled
    this.#service = `${ruled.written.namespace}/${ruled.written.name}`
  }

  all(): readonly DriftNote[] {
    return this.#notes
  }

  onNoLogin(code: RefusalCode): void {
    const { namespace, serviceAccount, origin } = this.#ruled.written
    const message = `the workload ${namespace}/${serviceAccount} cannot log in (${code}: ${REFUSALS[code].meaning}), so nobody answers on its subjects`
    this.#notes.push({
      service: this.#service,
      code: 'service-no-login',
      message,
      hint: 'place it in an AccountMap',
      origin,
    })
  }

  onCallable(route: Route): void {
    this.#callable.add(route)
  }

  onDryRun(route: Route, { from, to, group }: Change): void {
    const change = `${VERDICTS[to.verdict]} in place of ${VERDICTS[from.verdict]}`
    const changes = this.#dryRun.get(route) ?? new Map<string, Set<string>>()
    const names = changes.get(change) ?? new Set()
    for (const { name } of group.callers) names.add(name)
    this.#dryRun.set(route, changes.set(change, names))
  }

  /** Once everybody has been looked at. */
  onService({ serviceAccounts }: AskedPolicy): void {
    const { routes, origin, namespace, serviceAccount } = this.#ruled.written
    const service = this.#service
    for (const route of routes) {
      if (!this.#callable.has(route)) {
        const message = `nobody that rules name or describe may call what ${route.subject.text} stands for`
        const hint = 'compare its method and path with those in the policies'
        this.#notes.push({ service, code: 'route-nobody', message, hint, origin: route.origin })
      }
      for (const [change, names] of this.#dryRun.get(route) ?? []) {
        const message = `with the dry-run policies in force, some of ${route.subject.text} would be ${change} for ${someOf([...names])}`
        this.#notes.push({ service, code: 'dry-run', message, origin: route.origin })
      }
    }
    const { pathsWithoutRoute } = this.#ruled
    if (pathsWithoutRoute.length > 0) {
      const message = `no route stands for what its policies say of ${pathsWithoutRoute.join(', ')}`
      const hint = 'nothing to do where HTTP is all that is meant, as with health checks and metrics'
      this.#notes.push({ service, code: 'route-paths', message, hint, origin })
    }
    const isMissing = !serviceAccounts.some((one) => one.namespace === namespace && one.name === serviceAccount)
    // Where no ServiceAccounts are among the sources at all, none is expected.
    if (serviceAccounts.length > 0 && isMissing) {
      const message = `${nameOrigin(origin)} names ServiceAccount ${namespace}/${serviceAccount}, which is not among the sources`
      this.#notes.push({
        service,
        code: 'service-account-missing',
        message,
        hint: 'check the name, or create it',
        origin,
      })
    }
  }
}

function someOf(names: readonly string[]): string {
  const sorted = names.toSorted()
  const more = sorted.length - MOST_NAMES
  return `${sorted.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
