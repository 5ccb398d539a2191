/** Where a rule was written, so that every answer can name the rule behind it. Pure. */

export interface Origin {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  /** Position in the document's list of rules (grants, accounts), from 0, as Istio counts. */
  readonly rule?: number
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** What puts it in force, or is put in force by it: the role that a binding binds, the route that a policy rules. */
  readonly through?: Origin
}

/** One word for a rule: `SubjectPolicy shop/orders[0]`, `RoleBinding shop/orders through Role shop/orders[0]`. */
export function nameOrigin(origin: Origin): string {
  const path = origin.namespace === undefined ? origin.name : `${origin.namespace}/${origin.name}`
  const rule = origin.rule === undefined ? '' : `[${origin.rule}]`
  const through = origin.through === undefined ? '' : ` through ${nameOrigin(origin.through)}`
  return `${origin.kind} ${path}${rule}${through}`
}

/** Without duplicates, in an order that does not depend on the order of documents. */
export function sortOrigins(origins: readonly Origin[]): Origin[] {
  const sorted = origins.toSorted(compareOrigins)
  return sorted.filter((origin, i) => {
    const before = sorted[i - 1]
    return before === undefined || compareOrigins(before, origin) !== 0
  })
}

function compareOrigins(a: Origin, b: Origin): number {
  return (
    compare(a.kind, b.kind) ||
    compare(a.namespace ?? '', b.namespace ?? '') ||
    compare(a.name, b.name) ||
    compare(a.rule ?? -1, b.rule ?? -1) ||
    compare(a.file ?? '', b.file ?? '') ||
    compare(a.line ?? 0, b.line ?? 0) ||
    compareThrough(a.through, b.through)
  )
}

function compareThrough(a: Origin | undefined, b: Origin | undefined): number {
  if (a === undefined || b === undefined) return compare(a === undefined ? 0 : 1, b === undefined ? 0 : 1)
  return compareOrigins(a, b)
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
