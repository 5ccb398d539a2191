/** The part of the configuration that both modes share: listeners, limits, storage. Pure. */
import { block, blocks, given, setting, type Entry } from './conf-text.ts'
import { isAtLeast, SINCE, type ServerVersion } from './server-version.ts'
import type { CompleteSetup, Listener, TlsFiles } from './setup.ts'

const ANYWHERE = { host: '0.0.0.0', port: 4222 }

const CONTROL_LINE =
  'Bytes. The whole CONNECT must fit, with the token in it: the default of 4096 is too short for many OIDC tokens, and a longer line ' +
  'ends the connection before the bridge is asked.'
const MONITOR = 'Monitoring over HTTP. It asks for no login: keep it off public networks.'
const MQTT =
  'MQTT clients: the token is their password. The bridge refuses them unless its own configuration lets them in.'
const LEAFNODES =
  'Leaf nodes. Without an authorization block of their own they too are asked about at the bridge, which refuses them unless its own ' +
  'configuration lets them in.'
const PROXIES =
  'Identity proxies whose word about a client counts. Keep the block even when it is empty: a reload may change the list, but adding or ' +
  'removing the whole block crashes the server.'

export function serverEntries(setup: CompleteSetup, version: ServerVersion): Entry[] {
  const { listeners, tls, jetstream } = setup
  return [
    setting('server_name', setup.serverName, 'Shown in events and in decision records; each server has its own.'),
    setting('listen', address(listeners.client ?? ANYWHERE), 'NATS clients, and the bridge itself.'),
    ...given(tls, (files) => [tlsBlock(files)]),
    setting('max_control_line', setup.maxControlLine, CONTROL_LINE),
    ...given(listeners.monitor, (monitor) => [setting('http', address(monitor), MONITOR)]),
    ...webSocketEntries(setup),
    ...given(listeners.mqtt, (mqtt) => [block('mqtt', listenerEntries(mqtt, tls), MQTT)]),
    ...given(listeners.leafnodes, (leafnodes) => [block('leafnodes', listenerEntries(leafnodes, tls), LEAFNODES)]),
    ...given(jetstream, ({ storeDir }) => [
      block(
        'jetstream',
        [setting('store_dir', storeDir, 'Streams and their consumers live here.')],
        'JetStream for the accounts that clients are placed in.',
      ),
    ]),
    ...proxyEntries(setup, version),
  ]
}

function webSocketEntries({ listeners, tls }: CompleteSetup): readonly Entry[] {
  return given(listeners.websocket, (websocket) => [
    block(
      'websocket',
      [
        ...listenerEntries(websocket, tls),
        ...(tls === undefined
          ? [setting('no_tls', true, 'nats-server wants this said: tokens travel in the clear.')]
          : []),
        ...given(websocket.tokenCookie, (cookie) => [
          setting('token_cookie', cookie, 'Browsers may bring their token in this cookie; a token in CONNECT wins.'),
          originEntry(websocket.origins),
        ]),
      ],
      'NATS over WebSocket. Logs in through the bridge like every other client.',
    ),
  ])
}

/** A browser sends its cookies whichever page opens the connection: a strange page must not log in as whoever looks at it. */
function originEntry(origins: readonly string[] | undefined): Entry {
  if (origins === undefined)
    return setting('same_origin', true, 'A page of another origin would log in with the cookie of whoever looks at it.')
  return setting('allowed_origins', origins, 'Pages that may log in with the cookie of whoever looks at them.')
}

function listenerEntries(listener: Listener, tls: TlsFiles | undefined): Entry[] {
  return [
    setting('host', listener.host, 'Address to listen on.'),
    setting('port', listener.port, listener.port === -1 ? 'A free port; the log says which.' : 'Port to listen on.'),
    ...given(tls, (files) => [tlsBlock(files)]),
  ]
}

function tlsBlock({ certFile, keyFile, caFile }: TlsFiles): Entry {
  return block(
    'tls',
    [
      setting('cert_file', certFile, 'The certificate that this server shows, with its chain.'),
      setting('key_file', keyFile, 'Its key.'),
      ...given(caFile, (file) => [
        setting('ca_file', file, 'Who may vouch for clients.'),
        setting('verify', true, 'Every client shows a certificate; the verified chain is sent to the bridge.'),
      ]),
    ],
    'Tokens travel in CONNECT: without TLS, whoever sees the wire can take them.',
  )
}

/** nats-server panics on a reload that adds or removes the whole block, not on one that changes the list in it. */
function proxyEntries(setup: CompleteSetup, version: ServerVersion): Entry[] {
  if (!isAtLeast(version, SINCE.proxies)) return []
  const trusted = setup.trustedProxies.map((key) => [setting('key', key, 'Public nkey of an identity proxy.')])
  return [block('proxies', [blocks('trusted', trusted, 'Only these may speak for others.')], PROXIES)]
}

function address({ host, port }: Listener): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
