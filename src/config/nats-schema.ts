/** A connection of the bridge to NATS in `bridge.yaml`: where, as whom, and with which TLS. Pure. */
import { z } from 'zod'
import { filePath, serverUrl } from './values.ts'

export const credentials = z.strictObject({
  user: z.string().min(1).exactOptional().meta({ description: 'user name, together with `passwordFile`' }),
  passwordFile: filePath.exactOptional().meta({ description: 'file that holds the password of `user`' }),
  credsFile: filePath.exactOptional().meta({ description: 'creds file (user JWT and seed), for operator mode' }),
  nkeySeedFile: filePath.exactOptional().meta({ description: 'file that holds the seed of a user nkey' }),
})

export const natsTls = z.strictObject({
  caFile: filePath
    .exactOptional()
    .meta({ description: 'PEM roots that the server is checked against; default: the system’s' }),
  certFile: filePath.exactOptional().meta({ description: 'PEM certificate of the bridge, together with `keyFile`' }),
  keyFile: filePath.exactOptional().meta({ description: 'PEM key of `certFile`' }),
  handshakeFirst: z
    .boolean()
    .prefault(false)
    .meta({ description: 'TLS before the server’s first word, as the server’s `handshake_first`' }),
})

export const natsServers = z.array(serverUrl).min(1).meta({
  description: 'servers to connect to: `nats://host:port`, or `tls://host:port`, which demands TLS of all of them',
})
