/** The Kubernetes objects of `deploy`, as they are written. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { isJsonObject, type JsonObject } from '../../../src/lib/json.ts'

export const DEPLOY = resolve(import.meta.dirname, '../../../deploy')

export interface Manifest {
  readonly file: string
  readonly kind: string
  readonly apiVersion: string
  readonly value: JsonObject
}

/** @param folder below `deploy`. Whatever has neither apiVersion nor kind is none. */
export function manifestsIn(folder: string): readonly Manifest[] {
  return readdirSync(join(DEPLOY, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .flatMap((name) => manifestsOf(join(folder, name)))
}

export function manifestsOf(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(DEPLOY, file), 'utf8')).flatMap((document): Manifest[] => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`)
    const value: unknown = document.toJS()
    if (!isJsonObject(value)) return []
    const { kind, apiVersion } = value
    return typeof kind === 'string' && typeof apiVersion === 'string' ? [{ file, kind, apiVersion, value }] : []
  })
}

export function manifest<Shape>(file: string, kind: string): Shape {
  const found = manifestsOf(file).find((one) => one.kind === kind)
  if (found === undefined) throw new Error(`${file} has no ${kind}`)
  return found.value as Shape
}
