/** `nib serve` as a process of its own, from a fresh compilation of the sources. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export interface CompiledBridge {
  /** @param config path of `bridge.yaml`. @param stdout file descriptor of standard output instead of a pipe to here. */
  serve(config: string, stdout?: number): ServeProcess
  /** @param module source of an ES module; `./dist` holds the compiled rooms. */
  run(module: string, stdout?: number): ServeProcess
  remove(): Promise<void>
}

export interface ServeProcess {
  readonly pid: number
  /** Lines of standard output so far. */
  readonly lines: readonly string[]
  readonly problems: () => string
  readonly hasEnded: () => boolean
  kill(signal: NodeJS.Signals): void
  /** @returns the exit code, or the signal that ended it. */
  ended(): Promise<number | string>
}

export async function compileBridge(): Promise<CompiledBridge> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-compiled-'))
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  await promisify(execFile)(tsc, ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')])
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return {
    serve: (config, stdout) => follow([join(folder, 'dist', 'main.js'), 'serve', '-c', config], folder, stdout),
    run: (module, stdout) => follow(['--input-type=module', '-e', module], folder, stdout),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

function follow(args: readonly string[], cwd: string, stdout?: number): ServeProcess {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', stdout ?? 'pipe', 'pipe'] })
  const lines: string[] = []
  let rest = ''
  let problems = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => void (problems += chunk))
  const closed = once(child, 'close')
  return {
    pid: child.pid ?? 0,
    lines,
    problems: () => problems,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    kill: (signal) => void child.kill(signal),
    async ended() {
      const [code, signal] = (await closed) as [number | null, string | null]
      return code ?? signal ?? 'unknown'
    },
  }
}
