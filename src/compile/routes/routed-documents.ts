/** Which of the documents have a part in routes, and what they bring. Pure. */
import type { Diagnostic } from '../../policy/diagnostic.ts'
import { DEFAULT_NAMESPACE, diagnose } from '../document.ts'
import { groupBy } from '../../lib/group-by.ts'
import { flatMapInSteps, type Steps } from '../../lib/steps.ts'
import { API_GROUP, type Rules, type PolicyDocument } from '../kinds/kind.ts'
import { valueAt } from '../source-object.ts'
import type { RoutedDocuments } from './compile-routes.ts'

/** Apart from each other: the documents that have a part in what is compiled, and those of other groups that matter to nothing here. */
export function relatedAndNot(
  documents: readonly PolicyDocument[],
  rootNamespace: string,
): { readonly related: readonly PolicyDocument[]; readonly unrelated: readonly PolicyDocument[] } {
  const own = groupBy(
    documents.filter(({ kind }) => kind.group === API_GROUP),
    ({ kind }) => kind.kind,
  )
  const beside = { rootNamespace, ofKind: (kind: string) => own.get(kind) ?? [] }
  const matters = (document: PolicyDocument): boolean => document.kind.matters?.(document, beside) ?? true
  return {
    related: documents.filter(matters),
    unrelated: documents.filter((document) => !matters(document)),
  }
}

/** @param rules of the documents that could be read @param documents all of them */
export function* routedDocuments(
  rules: readonly Rules[],
  documents: readonly PolicyDocument[],
): Steps<RoutedDocuments> {
  const broken = documents.filter((document) => document.rules === undefined)
  return {
    routes: yield* flatMapInSteps(rules, (one) => one.routes ?? []),
    policies: yield* flatMapInSteps(rules, (one) => one.authorizationPolicies ?? []),
    brokenAllows: broken.flatMap(({ kind, object }) => kind.whenBroken?.(object).brokenAllows ?? []),
  }
}

/** A policy that names no namespace is in `default`, which is seldom the one of the workload: the likeliest reason that none selects it. */
export function withDefaulted(
  diagnostics: readonly Diagnostic[],
  documents: readonly PolicyDocument[],
): readonly Diagnostic[] {
  const defaulted = documents.filter(
    ({ kind, object }) => kind.group !== API_GROUP && !valueAt(object.value, ['metadata', 'namespace']),
  )
  const [first] = defaulted
  if (first === undefined) return diagnostics
  const others = defaulted.length > 1 ? ` and ${defaulted.length - 1} more` : ''
  const reason = `${first.kind.kind} ${first.name ?? ''}${others} without metadata.namespace: read as "${DEFAULT_NAMESPACE}"`
  const hinted = diagnostics.map((diagnostic) =>
    diagnostic.code === 'route-no-policy' ? { ...diagnostic, hint: `${diagnostic.hint ?? ''}; ${reason}` } : diagnostic,
  )
  const routes = documents.filter(({ kind }) => kind.kind === 'SubjectRoute')
  if (routes.length === 0 || routes.some(({ namespace }) => namespace === DEFAULT_NAMESPACE)) return hinted
  return [...hinted, ...defaulted.map(straying)]
}

/** Applied with `kubectl -n` it would rule another namespace: a DENY that is passed over here, or the ALLOW that closes a workload. */
function straying({ kind, name, namespace, object }: PolicyDocument): Diagnostic {
  const message = `${kind.kind} ${name ?? ''} names no namespace and is read as "${DEFAULT_NAMESPACE}", where no SubjectRoute is: it rules no route`
  const mistake = {
    severity: 'warning' as const,
    code: 'namespace-defaulted',
    message,
    hint: 'write metadata.namespace',
    path: ['metadata'],
    atKey: true as const,
  }
  return diagnose(object, mistake, kind, {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  })
}
