/** What each snapshot was compiled from, kept as long as the snapshot is, so that another thread can compile the same. */
import type { PolicySources } from '../answers/answering.ts'
import type { StepwiseCompiler } from '../compile/index.ts'
import type { Json } from '../lib/json.ts'
import type { Snapshot } from '../policy/snapshot.ts'

export interface SourceKeeper {
  /** The same compiler; what it compiled is remembered. */
  readonly compile: StepwiseCompiler
  /** The same object for the same snapshot and topology. */
  sourcesOf(snapshot: Snapshot, topology: Json | undefined): PolicySources | undefined
}

export function keepSources(compile: StepwiseCompiler): SourceKeeper {
  const kept = new WeakMap<Snapshot, PolicySources>()
  return {
    *compile(texts, objects = []) {
      const compilation = yield* compile(texts, objects)
      const { snapshot } = compilation
      if (snapshot !== undefined) kept.set(snapshot, { snapshotId: snapshot.id, texts, objects })
      return compilation
    },
    sourcesOf(snapshot, topology) {
      const sources = kept.get(snapshot)
      if (sources === undefined || sources.topology === topology) return sources
      const beside = { ...sources, topology }
      kept.set(snapshot, beside)
      return beside
    },
  }
}
