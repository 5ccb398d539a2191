/** Where a nats-server listens, as its log says. Pure. */

export interface Addresses {
  /** `nats://127.0.0.1:4222` */
  readonly url: string
  readonly port: number
  readonly websocketUrl?: string
  readonly monitorUrl?: string
  readonly mqttUrl?: string
  readonly leafnodeUrl?: string
}

const CLIENTS = /Listening for client connections on (\S+):(\d+)$/
const WEBSOCKET = /Listening for websocket clients on (wss?):\/\/(\S+):(\d+)$/
const MONITOR = /Starting (https?) monitor on (\S+):(\d+)$/
const MQTT = /Listening for MQTT clients on (mqtt|tls):\/\/(\S+):(\d+)$/
const LEAFNODES = /Listening for leafnode connections on (\S+):(\d+)$/

/** @returns nothing while the client port is not open. */
export function addressesIn(log: readonly string[]): Addresses | undefined {
  const clients = matchIn(log, CLIENTS)
  if (clients === undefined) return undefined
  const [, host = '', port = ''] = clients
  const websocket = matchIn(log, WEBSOCKET)
  const monitor = matchIn(log, MONITOR)
  const mqtt = matchIn(log, MQTT)
  const leafnodes = matchIn(log, LEAFNODES)
  return {
    url: `nats://${reachable(host)}:${port}`,
    port: Number(port),
    ...(websocket === undefined ? {} : { websocketUrl: urlOf(websocket) }),
    ...(monitor === undefined ? {} : { monitorUrl: urlOf(monitor) }),
    ...(mqtt === undefined ? {} : { mqttUrl: urlOf(mqtt) }),
    ...(leafnodes === undefined ? {} : { leafnodeUrl: `nats-leaf://${reachable(leafnodes[1] ?? '')}:${leafnodes[2]}` }),
  }
}

function matchIn(log: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of log) {
    const match = pattern.exec(line)
    if (match !== null) return match
  }
  return undefined
}

function urlOf([, scheme, host = '', port]: RegExpExecArray): string {
  return `${scheme}://${reachable(host)}:${port}`
}

/** All addresses of the machine: one that can be connected to. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '[::]' || host === '::' ? '127.0.0.1' : host
}
