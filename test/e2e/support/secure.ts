/** Connections to nats-server over TLS, for clients that speak line by line; and what certificates they and it show. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions } from 'node:tls'
import {
  createTestAuthority,
  type CertificateTraits,
  type Pair,
  type TestAuthority,
} from '../../support/certificates.ts'

/** Of every client here and of the server's own name. */
export const HERE: CertificateTraits = { dnsNames: ['localhost'], addresses: ['127.0.0.1'] }

export interface CertificateFiles {
  readonly authority: TestAuthority
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  write(name: string, text: string): Promise<string>
  /** Puts another certificate where that of the server is. */
  serve(pair: Pair): Promise<void>
  remove(): Promise<void>
}

/** An authority, and a certificate of it for a server on this machine. */
export async function certificateFiles(): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-certificates-'))
  const authority = createTestAuthority()
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const serve = async ({ cert, key }: Pair): Promise<void> => {
    await write('server.crt', cert)
    await write('server.key', key)
  }
  await serve(authority.issue(HERE))
  return {
    authority,
    certFile: join(folder, 'server.crt'),
    keyFile: join(folder, 'server.key'),
    caFile: await write('ca.crt', authority.cert),
    write,
    serve,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** @param first TLS before the server's first word, as `handshake_first` wants it. */
export async function openSecure(port: number, tls: ConnectionOptions, first = false): Promise<Duplex> {
  const host = '127.0.0.1'
  const socket = createConnection(port, host)
  // Its INFO is all that a server says before TLS.
  await once(socket, first ? 'connect' : 'data')
  const secure = connect({ socket, host, ...tls })
  await once(secure, 'secureConnect')
  return secure
}
