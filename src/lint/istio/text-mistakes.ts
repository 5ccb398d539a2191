/**
 * What is wrong with AuthorizationPolicies before anything can be said of their rules: the text itself, and a name that is there twice.
 * The compiler tells it where documents of ours stand beside them; lint is asked about any policies. Pure.
 */
import { doubleMistake, placeMistake, type Mistake } from '../../compile/index.ts'
import { groupBy } from '../../lib/group-by.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { LintDocument } from '../documents.ts'
import { isAuthorizationPolicy } from './policy-view.ts'

export function textMistakesOf(documents: readonly LintDocument[]): Diagnostic[] {
  const policies = documents.filter(isAuthorizationPolicy)
  const groups = groupBy(policies, ({ namespace = 'default', name }) =>
    name === undefined ? undefined : `${namespace}/${name}`,
  )
  return [...groups].flatMap(([named, group]) =>
    group.flatMap((document) => [
      ...document.object.mistakes.map((mistake) => tell(document, mistake)),
      ...(named === undefined || group.length === 1 ? [] : [tell(document, doubled(named, document, group))]),
    ]),
  )
}

function doubled(named: string, { kind, object }: LintDocument, group: readonly LintDocument[]): Mistake {
  return doubleMistake(
    `${kind} ${named}`,
    object,
    group.map((other) => other.object),
  )
}

function tell({ object, kind, namespace, name }: LintDocument, mistake: Mistake): Diagnostic {
  const identity = { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) }
  return { ...placeMistake(object, mistake), kind, ...identity }
}
