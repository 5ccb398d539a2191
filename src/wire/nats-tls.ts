/**
 * What TLS a connection to NATS must have, where nats.js leaves gaps. It reads `tls://` as a mere spelling of `nats://` and would log in
 * in the clear; and for a server that is named by its address it asks for a certificate of `localhost`.
 */
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { ConnectionOptions } from 'nats'

type Tls = Exclude<ConnectionOptions['tls'], null>

/** What nats.js has Node.js look for when it dials an address. */
const ASSUMED = 'localhost'
const HOST = /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?(?:\[(?<v6>[^\]]+)\]|(?<name>[^:/]+))/i

/**
 * @param servers as `ConnectionOptions` has them. @param tls what is configured of it.
 * @returns nothing when neither speaks of TLS: then the server decides.
 */
export function natsTls(servers: readonly string[], tls: Tls): Tls {
  if (tls === undefined && !servers.some((server) => /^tls:/i.test(server))) return undefined
  const named = servers.map(hostOf)
  const demanding = {
    ...tls,
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      bearsOneOf(host === ASSUMED ? named : [host], certificate),
  }
  return demanding
}

function hostOf(server: string): string {
  const { v6, name } = HOST.exec(server)?.groups ?? {}
  return v6 ?? name ?? server
}

/** An address that another server told of is as good as one that was configured: who has that one's certificate may answer there. */
function bearsOneOf(hosts: readonly string[], certificate: PeerCertificate): Error | undefined {
  let problem: Error | undefined
  for (const host of hosts) {
    problem = checkServerIdentity(host, certificate)
    if (problem === undefined) return undefined
  }
  return problem
}
