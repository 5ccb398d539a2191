/** Runs an Envoy with a listener for each policy set until it is stopped, and says on which ports. Never leaves a process behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { leaveNoOrphan } from '../../src/dev/nats-server/no-orphans.ts'
import type { Filtered } from './case.ts'
import { bootstrapOf, listenerName, listenersOf, type Credentials, type EnvoyFiles } from './envoy-config.ts'

export interface RunningEnvoy {
  /** The ports of a policy set's listener. Nothing: Envoy refused what Istio made of it. */
  readonly ports: readonly (Ports | undefined)[]
  /** What Envoy said of the listeners it refused. */
  readonly refusals: string
  /** The lines of the outcome of TCP connections, so far. */
  tcpLog(): Promise<string>
  stop(): Promise<void>
}

export interface Ports {
  readonly v4: number
  readonly v6: number
}

const READY_WITHIN_MS = 120_000
const POLL_MS = 50
const QUICK_LOGS = ['--file-flush-interval-msec', '50', '--file-flush-min-size-kb', '1']

/** @throws when Envoy ends, or is not ready in time; the message ends with the last lines of its log. */
export async function runEnvoy(
  binary: string,
  sets: readonly Filtered[],
  credentials: Credentials,
): Promise<RunningEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-envoy-'))
  const files: EnvoyFiles = { listeners: join(folder, 'listeners.json'), tcpLog: join(folder, 'tcp.log') }
  const bootstrap = join(folder, 'bootstrap.json')
  const adminFile = join(folder, 'admin')
  await writeFile(bootstrap, JSON.stringify(bootstrapOf(files)), { mode: 0o600 })
  await writeFile(files.listeners, JSON.stringify(listenersOf(sets, files, credentials)), { mode: 0o600 })

  const args = ['-c', bootstrap, '--admin-address-path', adminFile, '--disable-hot-restart', '--log-level', 'error']
  const child = spawn(binary, [...args, '--concurrency', '2', ...QUICK_LOGS], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot run ${binary}`)
  const release = leaveNoOrphan({ pid, folder })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (log += chunk))
  const ended = once(child, 'close').then(release)

  async function stop(): Promise<void> {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }

  try {
    const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
    const admin = await until(isGone, () => readFile(adminFile, 'utf8'))
    const isReady = await until(isGone, async () => {
      const response = await fetch(`http://${admin}/ready`)
      await response.body?.cancel()
      return response.ok ? 'ready' : ''
    })
    if (admin === undefined || isReady === undefined)
      throw new Error(isGone() ? 'Envoy ended' : 'Envoy is not ready in time')
    const response = await fetch(`http://${admin}/listeners?format=json`)
    const ports = portsOf((await response.json()) as ListenerStatuses)
    return {
      ports: sets.map((_, index) => ports.get(listenerName(index))),
      refusals: log,
      tcpLog: async () => {
        try {
          return await readFile(files.tcpLog, 'utf8')
        } catch {
          return ''
        }
      },
      stop,
    }
  } catch (problem) {
    await stop()
    throw new Error(`${problem instanceof Error ? problem.message : 'failed'}; last words:\n${log.slice(-4000)}`, {
      cause: problem,
    })
  }
}

/** Asks again until there is an answer, or there will be none. A throw is no answer, nor is an empty text. */
async function until(isOver: () => boolean, ask: () => Promise<string>): Promise<string | undefined> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline && !isOver()) {
    try {
      const answer = await ask()
      if (answer !== '') return answer
    } catch {
      // Not yet.
    }
    await sleep(POLL_MS)
  }
  return undefined
}

interface ListenerStatuses {
  readonly listener_statuses?: readonly {
    readonly name: string
    readonly local_address: Address
    readonly additional_local_addresses?: readonly Address[]
  }[]
}

interface Address {
  readonly socket_address: { readonly address: string; readonly port_value: number }
}

function portsOf({ listener_statuses: statuses = [] }: ListenerStatuses): Map<string, Ports> {
  const port = (address: Address | undefined): number => address?.socket_address.port_value ?? 0
  return new Map(
    statuses.map(({ name, local_address: v4, additional_local_addresses: others }) => [
      name,
      { v4: port(v4), v6: port(others?.[0]) },
    ]),
  )
}
