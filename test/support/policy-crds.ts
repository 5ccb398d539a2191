/** The definitions of our kinds, as they are shipped. */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../../deploy/kubernetes/crds/', import.meta.url)

export function policyCrds(): string {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))
  return files.map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n---\n')
}
