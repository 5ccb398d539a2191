/** Where things lie. The same when this runs as TypeScript in a test and when it runs compiled. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const projectFolder = upTo(import.meta.dirname, 'package.json')
export const recordedFolder = join(projectFolder, 'test', 'istio-envoy', 'recorded')

function upTo(folder: string, file: string): string {
  return existsSync(join(folder, file)) ? folder : upTo(dirname(folder), file)
}
