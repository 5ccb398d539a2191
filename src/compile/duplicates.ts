/** Documents of the same kind, namespace and name. Pure. In a cluster the last one written would win; here none does. */
import type { Diagnostic } from '../policy/diagnostic.ts'
import { diagnose } from './document.ts'
import type { PolicyDocument } from './kinds/kind.ts'
import { groupInSteps } from '../lib/group-by.ts'
import { eachInSteps, type Steps } from '../lib/steps.ts'
import type { Mistake } from './mistake.ts'
import type { SourceObject } from './source-object.ts'

export interface Deduplicated {
  readonly kept: readonly PolicyDocument[]
  /** Without rules, each with an error that says where its double is. */
  readonly dropped: readonly PolicyDocument[]
}

/** Drops all of several doubles: which of them is meant cannot be told, and must not depend on the order of files. */
export function* dropDuplicates(documents: readonly PolicyDocument[]): Steps<Deduplicated> {
  const groups = yield* groupInSteps(documents, identityOf)
  const kept: PolicyDocument[] = []
  const dropped: PolicyDocument[] = []
  yield* eachInSteps(groups, ([identity, group]) => {
    if (identity === undefined || group.length === 1) kept.push(...group)
    else for (const document of group) dropped.push(withoutRules(document, group))
  })
  return { kept, dropped }
}

function identityOf({ kind, namespace, name }: PolicyDocument): string | undefined {
  return name === undefined ? undefined : JSON.stringify([kind.kind, namespace ?? '', name])
}

function withoutRules(document: PolicyDocument, group: readonly PolicyDocument[]): PolicyDocument {
  const { rules: _rules, ...rest } = document
  return { ...rest, diagnostics: [...document.diagnostics, duplicate(document, group)] }
}

function duplicate(document: PolicyDocument, group: readonly PolicyDocument[]): Diagnostic {
  const { kind, namespace, name = '', object } = document
  const own = namespace === undefined ? { name } : { namespace, name }
  const objects = group.map((other) => other.object)
  return diagnose(object, doubleMistake(`${kind.kind} ${pathOf(own)}`, object, objects), kind, own)
}

function pathOf({ namespace, name }: { readonly namespace?: string; readonly name: string }): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** @param named kind, namespace and name @param group all objects of this name, with itself */
export function doubleMistake(named: string, object: SourceObject, group: readonly SourceObject[]): Mistake {
  const double = group.find((other) => other !== object)
  const line = double?.locate(['metadata', 'name'], false)?.line
  const place = double?.file === undefined ? '' : `, also in ${double.file}${line === undefined ? '' : `:${line}`}`
  return {
    code: 'duplicate-document',
    message: `${named} exists ${group.length} times${place}`,
    hint: 'rename or remove one; none of them is used',
    path: ['metadata', 'name'],
  }
}
