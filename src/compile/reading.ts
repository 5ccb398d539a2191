/**
 * Reads files and documents, each once: what was made of a text is kept until the file holds another one.
 * An edit of one document among thousands then costs that document, and the putting together of all.
 */
import { remember } from '../lib/remember.ts'
import type { Steps } from '../lib/steps.ts'
import type { CompileOptions } from './options.ts'
import { readDocument } from './document.ts'
import { readEnvelope, type Envelope } from './envelope.ts'
import type { KnownAccounts, PolicyKind, PolicyDocument } from './kinds/kind.ts'
import type { SourceObject } from './source-object.ts'
import { readYamlInSteps, type SourceText, type YamlFile } from './yaml/read-yaml.ts'

export interface Reading {
  /** In the order of the sources; files that are not among them are forgotten. */
  files(sources: readonly SourceText[]): Steps<readonly YamlFile[]>
  envelope(object: SourceObject): Envelope
  document(kind: PolicyKind, object: SourceObject): Steps<PolicyDocument>
}

const ALWAYS_FORBIDDEN = ['$G', 'SYS', '$SYS']

export function createReading({
  forbiddenAccounts,
  accounts,
}: Pick<CompileOptions, 'forbiddenAccounts' | 'accounts'>): Reading {
  const known: KnownAccounts = {
    forbiddenAccounts: new Set([...ALWAYS_FORBIDDEN, ...forbiddenAccounts]),
    listedAccounts: accounts && new Set(accounts),
  }
  // By name, then text: the same name may come from two folders, with one text each.
  let files = new Map<string, Map<string, YamlFile>>()
  const envelopes = new WeakMap<SourceObject, Envelope>()
  const documents = new WeakMap<SourceObject, PolicyDocument>()
  return {
    *files(sources) {
      const kept = new Map<string, Map<string, YamlFile>>()
      const read: YamlFile[] = []
      for (const source of sources) {
        const file = files.get(source.file)?.get(source.text) ?? (yield* readYamlInSteps(source))
        const same = kept.get(source.file)
        if (same === undefined) kept.set(source.file, new Map([[source.text, file]]))
        else same.set(source.text, file)
        read.push(file)
        yield
      }
      files = kept
      return read
    },
    envelope: (object) => remember(envelopes, object, readEnvelope),
    *document(kind, object) {
      const before = documents.get(object)
      if (before !== undefined) return before
      const document = yield* readDocument(kind, object, known)
      documents.set(object, document)
      return document
    },
  }
}
