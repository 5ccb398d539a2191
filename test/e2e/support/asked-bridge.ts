/** A bridge that may be asked, over HTTPS with token or certificate and over NATS, and whoever may ask it. */
import type { NatsConnection } from 'nats'
import { eventually } from '../../../src/dev/deadline.ts'
import { createTestAuthority, type Pair, type TestAuthority } from '../../support/certificates.ts'
import type { EnvironmentName } from '../../support/nats-server.ts'
import { postQuestion, type Asking, type HttpAnswer } from '../../support/post-question.ts'
import { LIMIT_MS, POLICY, startRig, type Rig, type RigOptions } from './rig.ts'

export const AUDITOR = 'spiffe://cluster.local/ns/ops/sa/auditor'

/** The auditor of it may ask over NATS too. */
export const ASKED_POLICY = `${POLICY}---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: auditors, namespace: ops}
spec:
  principals: [{serviceAccount: ops/auditor}]
  grants:
    - service: {discover: [nib], call: [nib.audit.*]}
`

export interface AskedBridge {
  readonly rig: Rig
  readonly authority: TestAuthority
  /** Of the running bridge. */
  url(): string
  /** Files of the bridge's certificate, its key, and the roots of its clients. */
  readonly files: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string }
  /** Certificate and key of the auditor. */
  readonly auditor: Pair
  post(ask: string, body: object | string, asking?: Asking): Promise<HttpAnswer>
  postWithToken(ask: string, body: object | string): Promise<HttpAnswer>
  postWithCertificate(ask: string, body: object | string): Promise<HttpAnswer>
  /** Logs in to NATS as the auditor, through the bridge. */
  auditorOnNats(): Promise<NatsConnection>
  /** Where the auditor's answers may come. */
  auditorInbox(): Promise<string>
  /** What the log says of the question asked last. */
  lastRecord(): unknown
  /** The micro service is up. */
  untilOnNats(): Promise<unknown>
}

export async function startAskedBridge(name: EnvironmentName, options: RigOptions = {}): Promise<AskedBridge> {
  const authority = createTestAuthority()
  const { cert, key } = authority.issue({ addresses: ['127.0.0.1'], dnsNames: ['localhost'] })
  const { withBridge = true, ...more } = options
  const rig = await startRig(name, {
    questions: 'OPS',
    policy: { 'policy.yaml': ASKED_POLICY },
    overlay: {
      admin: {
        tls: { certFile: 'admin.crt', keyFile: 'admin.key', clientCaFile: 'admin-ca.crt' },
        auditors: [{ serviceAccount: 'ops/auditor' }, { group: 'sre' }],
      },
    },
    ...more,
    withWire: false,
    withBridge: false,
  })
  const files = {
    certFile: await rig.writeFile('admin.crt', cert),
    keyFile: await rig.writeFile('admin.key', key),
    clientCaFile: await rig.writeFile('admin-ca.crt', authority.cert),
  }
  if (withBridge) await rig.startBridge()
  const auditor = authority.issue({ uris: [AUDITOR] })
  const url = (): string => `https://127.0.0.1:${rig.bridge.adminPort}`
  const post: AskedBridge['post'] = (ask, body, asking) =>
    postQuestion(`${url()}/v1/${ask}`, body, { ca: authority.cert, ...asking })
  const auditorInbox = async (): Promise<string> => {
    const { text } = await post('what-can', { principal: 'ops/auditor' }, auditor)
    const { inboxPrefix } = JSON.parse(text) as { inboxPrefix: string }
    return inboxPrefix
  }
  return {
    rig,
    authority,
    url,
    files,
    auditor,
    post,
    postWithToken: async (ask, body) => post(ask, body, { token: await rig.token('ops/auditor') }),
    postWithCertificate: (ask, body) => post(ask, body, auditor),
    auditorInbox,
    auditorOnNats: async () => rig.logIn(await rig.token('ops/auditor'), { inboxPrefix: await auditorInbox() }),
    lastRecord: () => JSON.parse(rig.log.having('"ask":').at(-1) ?? '{}') as unknown,
    untilOnNats: () =>
      eventually(
        () => rig.bridge.readiness().checks.some((check) => check.name === 'questions' && check.ok) || undefined,
        LIMIT_MS,
        'the micro service',
      ),
  }
}
