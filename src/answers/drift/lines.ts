/** Differences found caller by caller and operation by operation, put together where only callers or methods tell them apart. Pure. */
import type { RuledRoutes } from '../../compile/index.ts'
import { sortOrigins } from '../../policy/origin.ts'
import type { Route } from '../../route/index.ts'
import type { CallerGroup } from './callers.ts'
import type { HttpSays } from './http-side.ts'
import type { DriftLine } from './line.ts'
import type { Because } from './reasons.ts'
import type { Region } from './regions.ts'

export interface Found {
  readonly direction: DriftLine['direction']
  readonly http: HttpSays
  readonly because: Because
  readonly route: Route
  readonly operation: string
  readonly region: Region
  readonly group: CallerGroup
}

type Bare = Omit<DriftLine, 'principals' | 'patterns'>

interface Gathered {
  readonly line: Bare
  readonly names: Set<string>
  readonly descriptions: Set<string>
}

export class Lines {
  readonly #ruled: RuledRoutes
  /** By everything but who. */
  readonly #gathered = new Map<string, Gathered>()

  constructor(ruled: RuledRoutes) {
    this.#ruled = ruled
  }

  add(found: Found): void {
    const line = this.#lineOf(found)
    const key = JSON.stringify(line)
    let gathered = this.#gathered.get(key)
    if (gathered === undefined)
      this.#gathered.set(key, (gathered = { line, names: new Set(), descriptions: new Set() }))
    for (const { name, known } of found.group.callers) (known ? gathered.names : gathered.descriptions).add(name)
  }

  /** In the order of the routes. */
  all(): DriftLine[] {
    const lines = [...this.#gathered.values()].map(({ line, names, descriptions }) => ({
      ...line,
      principals: [...names].toSorted(),
      patterns: [...descriptions].toSorted(),
    }))
    const merged = new Map<string, DriftLine>()
    for (const line of lines) {
      const key = JSON.stringify({ ...line, operations: [], subjects: [], without: [], example: {} })
      const before = merged.get(key)
      merged.set(key, before === undefined ? line : together(before, line))
    }
    const { routes } = this.#ruled.written
    const rank = ({ route }: DriftLine): number => routes.findIndex(({ origin }) => origin === route)
    return [...merged.values()].toSorted((a, b) => rank(a) - rank(b))
  }

  #lineOf({ direction, http, because, route, operation, region }: Found): Bare {
    const { namespace, name } = this.#ruled.written
    return {
      service: `${namespace}/${name}`,
      operations: [operation],
      subject: route.subject.text,
      action: route.caller,
      direction,
      certain: http.verdict !== 'depends',
      subjects: region.subjects.map(({ text }) => text).toSorted(),
      without: region.without.map(({ text }) => text).toSorted(),
      extent: region.extent,
      example: {
        subject: region.example.subject,
        operation: `${operation.split(' ')[0] ?? ''} ${region.example.path}`,
      },
      reason: { code: because.code, message: because.message },
      http: sortOrigins(http.rules.map((rule) => this.#ruled.originOf(rule))),
      nats: because.nats,
      route: route.origin,
    }
  }
}

/** The same difference for another method of the route. */
function together(a: DriftLine, b: DriftLine): DriftLine {
  return {
    ...a,
    operations: [...new Set([...a.operations, ...b.operations])],
    subjects: [...new Set([...a.subjects, ...b.subjects])].toSorted(),
    without: [...new Set([...a.without, ...b.without])].toSorted(),
  }
}
