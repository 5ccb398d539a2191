/** Which of the documents have a part in routes, and what they bring. Pure. */
import type { PolicyDocument } from '../document.ts'
import { groupBy } from '../group-by.ts'
import { API_GROUP, type Rules } from '../kinds/kind.ts'
import type { RoutedDocuments } from './compile-routes.ts'

/** Without documents of other groups that matter to nothing here: nothing is told of them. */
export function withoutUnrelated(
  documents: readonly PolicyDocument[],
  rootNamespace: string,
): readonly PolicyDocument[] {
  const own = groupBy(
    documents.filter(({ kind }) => kind.group === API_GROUP),
    ({ kind }) => kind.kind,
  )
  const beside = { rootNamespace, ofKind: (kind: string) => own.get(kind) ?? [] }
  return documents.filter((document) => document.kind.matters?.(document, beside) ?? true)
}

/** @param rules of the documents that could be read @param documents all of them */
export function routedDocuments(rules: readonly Rules[], documents: readonly PolicyDocument[]): RoutedDocuments {
  const broken = documents.filter((document) => document.rules === undefined)
  return {
    routes: rules.flatMap((one) => one.routes ?? []),
    policies: rules.flatMap((one) => one.authorizationPolicies ?? []),
    brokenAllows: broken.flatMap(({ kind, object }) => kind.whenBroken?.(object).brokenAllows ?? []),
  }
}
