/** Three nats-servers of one configuration with routes between them; each can be killed, and comes back on its port as a new process. */
import { eventually } from '../../../src/dev/deadline.ts'
import type { RunningNatsServer } from '../../../src/dev/nats-server/index.ts'
import { LIMIT_MS, startRig, type Rig, type RigOptions } from './rig.ts'
import type { EnvironmentName } from '../../support/nats-server.ts'

export interface ServerCluster {
  readonly rig: Rig
  /** By their place, 0 to 2, as they run now; named `nats-1` to `nats-3`. */
  server(place: number): RunningNatsServer
  /** Without a word to anybody. */
  kill(place: number): Promise<void>
  /** Brings a server back that was killed. */
  revive(place: number): Promise<void>
  /** Fulfilled when a login at this server would be asked about: there is a bridge, here or at another one. */
  untilAsked(place: number): Promise<unknown>
  stop(): Promise<void>
}

const ROUTES = 'cluster: {name: lab, listen: "127.0.0.1:-1"'
const LISTENS = /Listening for route connections on (\S+)$/
const CALLOUT = '$SYS.REQ.USER.AUTH'
const QUEUE = 'nib'

export async function startServerCluster(name: EnvironmentName, options: RigOptions = {}): Promise<ServerCluster> {
  const rig = await startRig(name, {
    ...options,
    monitor: true,
    withBridge: false,
    amend: (text) => `${text}\n${ROUTES}}\n`,
  })
  const servers = [rig.env.server]

  async function start(place: number, to: RunningNatsServer, port = -1): Promise<RunningNatsServer> {
    const { log } = to
    const address = LISTENS.exec((await log.find(LISTENS, LIMIT_MS)) ?? '')?.[1]
    const server = await rig.env.startAnother((text) =>
      text
        .replace('"nats-1"', `"nats-${place + 1}"`)
        .replace('listen: "127.0.0.1:-1"', `listen: "127.0.0.1:${port}"`)
        .replace(ROUTES, `${ROUTES}, routes: ["nats-route://${address}"]`),
    )
    servers[place] = server
    return server
  }
  const server = (place: number): RunningNatsServer => {
    const found = servers[place]
    if (found === undefined) throw new Error(`no server at place ${place}`)
    return found
  }

  for (const place of [1, 2]) await start(place, server(0))
  return {
    rig,
    server,
    async kill(place) {
      process.kill(server(place).pid, 'SIGKILL')
      await server(place).ended
    },
    async revive(place) {
      await start(place, server((place + 1) % servers.length), server(place).port)
    },
    untilAsked: (place) => untilInterest(rig, server(place)),
    stop: () => rig.stop(),
  }
}

interface Interest {
  readonly subject: string
  readonly qgroup?: string
}

/** Of clients here, and of those that other servers told of. */
async function interestIn(monitorUrl: string, account: string): Promise<readonly Interest[]> {
  const ask = async (path: string): Promise<unknown> => (await fetch(`${monitorUrl}/${path}`)).json()
  const here = (await ask(`subsz?subs=1&acc=${account}`)) as { subscriptions_list?: Interest[] }
  const { routes } = (await ask('routez?subs=detail')) as {
    routes: { subscriptions_list_detail?: Interest[] }[]
  }
  return [here.subscriptions_list ?? [], ...routes.map((route) => route.subscriptions_list_detail ?? [])].flat()
}

async function untilInterest({ env }: Rig, { monitorUrl = '' }: RunningNatsServer): Promise<unknown> {
  const { bridge } = env
  const account = bridge.mode === 'config' ? bridge.calloutAccount : bridge.calloutAccount.publicKey
  let isThere: true | undefined
  let asking = false
  const look = async (): Promise<void> => {
    // A server that is on its way down, or up, is asked again.
    const found = await interestIn(monitorUrl, account).catch(() => [])
    isThere = found.some(({ subject, qgroup }) => subject === CALLOUT && qgroup === QUEUE) || undefined
    asking = false
  }
  return eventually(
    () => {
      if (!asking) {
        asking = true
        void look()
      }
      return isThere
    },
    LIMIT_MS,
    'interest in logins',
  )
}
