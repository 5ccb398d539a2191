/** Runs a nats-server from another Node process, which then ends as it is told to. The sources are read by Vite, as in the tests. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../../..')

export interface Orphan {
  readonly pid: number
  readonly configFile: string
}

/** @param ending statement with which the process ends once its server is ready. */
export async function runInOtherProcess(binary: string, config: string, ending: string): Promise<Orphan> {
  const program = `
    import { createViteServer } from 'vitest/node'
    const vite = await createViteServer({
      configFile: false, root: ${JSON.stringify(ROOT)}, appType: 'custom', logLevel: 'silent',
      server: { middlewareMode: true, hmr: false, watch: null, ws: false }, optimizeDeps: { noDiscovery: true },
    })
    const { runNatsServer } = await vite.ssrLoadModule('/src/dev/nats-server/index.ts')
    const options = { binary: ${JSON.stringify(binary)}, config: { text: ${JSON.stringify(config)} } }
    const { pid, configFile } = await runNatsServer(options)
    process.stdout.write(JSON.stringify({ pid, configFile }) + '\\n', () => { ${ending} })
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise((done) => child.once('close', done))
  let first: string | undefined
  for await (const line of createInterface({ input: child.stdout })) first ??= line
  await ended
  if (first === undefined) throw new Error('the other process started no server')
  return JSON.parse(first) as Orphan
}
