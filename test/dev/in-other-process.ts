/** Runs something from another Node process, which then ends as it is told to. The sources are read by Vite, as in the tests. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../..')

export interface OtherProcess {
  /** Path of a module under the project's folder, `/src/…`. */
  readonly module: string
  /** A function of that module, and what it is called with; `result` is what it gives. */
  readonly call: string
  readonly args: readonly unknown[]
  /** What is told of the result: an expression in `result`. */
  readonly tell: string
  /** Statement with which the process ends. */
  readonly ending: string
}

/** @returns what was told, once the process has ended. */
export async function runInOtherProcess<T>({ module, call, args, tell, ending }: OtherProcess): Promise<T> {
  const program = `
    import { createViteServer } from 'vitest/node'
    const vite = await createViteServer({
      configFile: false, root: ${JSON.stringify(ROOT)}, appType: 'custom', logLevel: 'silent',
      server: { middlewareMode: true, hmr: false, watch: null, ws: false }, optimizeDeps: { noDiscovery: true },
    })
    const room = await vite.ssrLoadModule(${JSON.stringify(module)})
    const result = await room[${JSON.stringify(call)}](...${JSON.stringify(args)})
    process.stdout.write(JSON.stringify(${tell}) + '\\n', () => { ${ending} })
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise((done) => child.once('close', done))
  let first: string | undefined
  for await (const line of createInterface({ input: child.stdout })) first ??= line
  await ended
  if (first === undefined) throw new Error('the other process started nothing')
  return JSON.parse(first) as T
}

/** Ended, but not yet collected by its parent, is ended all the same. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
