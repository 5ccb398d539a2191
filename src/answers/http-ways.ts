/** The ways over HTTP to a right on a subject: which AuthorizationPolicy would have to allow which operation. Pure. */
import type { RuledRoutes } from '../compile/index.ts'
import type { Action } from '../policy/effective.ts'
import { nameOrigin } from '../policy/origin.ts'
import type { RouteOperation } from '../route/index.ts'
import { covers, type Pattern } from '../subject/index.ts'

/** A sentence for each route whose callers do this action on the subject. */
export function httpWays(routed: readonly RuledRoutes[], action: Action, subject: Pattern): readonly string[] {
  return routed.flatMap((ruled) =>
    ruled.written.routes
      .filter(({ caller }) => caller === action)
      .flatMap((route) =>
        ruled
          .operationsOf(route)
          .filter(({ pattern }) => covers(pattern, subject))
          .map((operation) => {
            const { file, line } = route.origin
            const place = file === undefined ? '' : `, ${file}${line === undefined ? '' : `:${line}`}`
            return `let ${policiesOf(ruled)} allow ${spell(operation)} (${nameOrigin(route.origin)}${place})`
          }),
      ),
  )
}

function policiesOf({ enforced, written }: RuledRoutes): string {
  const names = [...new Set(enforced.allow.map(({ policy: { namespace, name } }) => `${namespace}/${name}`))]
  if (names.length === 0) return `a new AuthorizationPolicy for ${written.namespace}/${written.serviceAccount}`
  return `${names.length === 1 ? 'AuthorizationPolicy' : 'one of the AuthorizationPolicies'} ${names.join(', ')}`
}

/** `GET /orders/{id}`. */
function spell({ attributes, path }: RouteOperation): string {
  const segments = path.map((part) => {
    if (part.is === 'literal') return part.text
    return part.is === 'method' ? '{method}' : `{${part.name}${part.is === 'rest' ? '...' : ''}}`
  })
  return `${String(attributes.method)} /${segments.join('/')}`
}
