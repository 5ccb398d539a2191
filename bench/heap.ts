/** The heap of this process, as far as something holds it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** After a full collection: what is held, not what lies about. */
export function heapMb(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed / 1e6
}
