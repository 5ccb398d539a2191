/** Who may ask a running bridge, and where: the operator's HTTP door and the micro service in `bridge.yaml`. Pure. */
import { z } from 'zod'
import { matcher } from './document.ts'
import { credentials, natsServers, natsTls } from './nats-schema.ts'
import { filePath, listenAddress, subjectPrefix } from './values.ts'

const adminTls = z.strictObject({
  certFile: filePath.meta({ description: 'PEM certificate of the bridge, its chain behind it' }),
  keyFile: filePath.meta({ description: 'PEM key of `certFile`' }),
  clientCaFile: filePath.exactOptional().meta({
    description:
      'PEM roots of client certificates; their SPIFFE ID then says who asks. Roots of this trust domain only',
  }),
})

export const admin = z.strictObject({
  listen: listenAddress
    .prefault('127.0.0.1:9222')
    .meta({ description: 'address of health, readiness, metrics, and of questions' }),
  tls: adminTls.optional().meta({ description: 'HTTPS in place of HTTP, for all of them' }),
  auditors: matcher.optional().meta({
    description: 'who may ask questions (`/v1/…`), in the words of `principals` in a policy; default: nobody',
  }),
})

export type AdminInFile = z.output<typeof admin>

export const questions = z.strictObject({
  nats: z
    .strictObject({
      servers: natsServers,
      credentials: credentials.meta({
        description: 'how the bridge logs in there: exactly one of user and password, creds file, nkey seed',
      }),
      tls: natsTls.optional().meta({ description: 'TLS to the servers' }),
      subjectPrefix: subjectPrefix
        .prefault('nib.audit')
        .meta({ description: 'what stands before the name of a question: `nib.audit.who-can`' }),
    })
    .optional()
    .meta({ description: 'a NATS micro service `nib`; whoever may publish its subjects may ask' }),
  topologyFile: filePath.exactOptional().meta({
    description: 'what is known of streams, imports and exports, as `nib topology` writes it; default: nothing is',
  }),
})

export type QuestionsInFile = z.output<typeof questions>
