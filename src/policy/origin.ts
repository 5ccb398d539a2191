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
}

/** One word for a rule: `SubjectPolicy shop/orders[0]`. */
export function nameOrigin(origin: Origin): string {
  const path = origin.namespace === undefined ? origin.name : `${origin.namespace}/${origin.name}`
  const rule = origin.rule === undefined ? '' : `[${origin.rule}]`
  return `${origin.kind} ${path}${rule}`
}

/** Without duplicates, in an order that does not depend on the order of documents. */
export function sortOrigins(origins: readonly Origin[]): Origin[] {
  const distinct = new Map(origins.map((origin) => [keyOf(origin), origin]))
  return [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, origin]) => origin)
}

function keyOf({ kind, namespace = '', name, rule = -1, file = '', line = 0 }: Origin): string {
  return JSON.stringify([kind, namespace, name, sortable(rule), file, sortable(line)])
}

function sortable(position: number): string {
  return String(position + 1).padStart(10, '0')
}
