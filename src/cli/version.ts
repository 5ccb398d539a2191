/** The version of this build, as package.json has it. */
import { readFileSync } from 'node:fs'
import { isJsonObject } from '../lib/json.ts'

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return isJsonObject(manifest) && typeof manifest['version'] === 'string' ? manifest['version'] : '0.0.0'
}
