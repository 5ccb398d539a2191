/**
 * The configuration of an Envoy that stands for many sidecars at once: one listener for each policy set, with Istio's RBAC filters in it.
 * Around them what a sidecar's inbound listener has (path normalisation BASE, no remote address use, jwt_authn as Istio sets it). Pure.
 *
 * Where this departs from a sidecar, and why it does not change an answer:
 * - The PROXY protocol tells each connection the addresses it shall have; a sidecar has them from the kernel. source.ip stays physical.
 * - Any word is taken for a method, as HTTP/2 does.
 * - Behind the filters stands an answer with the filters' dynamic metadata, instead of an application.
 */
import type { Filtered, Json } from './case.ts'

export interface EnvoyFiles {
  /** Where the listeners are written to. */
  readonly listeners: string
  /** Where Envoy writes the outcome of TCP connections to. */
  readonly tcpLog: string
}

export interface Credentials {
  /** PEM */
  readonly authority: string
  readonly certificate: string
  readonly key: string
  /** JSON of a JWK Set. */
  readonly keySet: string
}

/** Issuers of the tokens that Envoy takes; a RequestAuthentication names each. */
export const ISSUERS = [
  'issuer-a',
  'issuer-b',
  'issuer-a/svc',
  'https://login.example.com',
  'https://login.example.com/realms/shop',
  'iss*',
] as const

const HTTP_MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** Those of Istio's bootstrap that can change an answer: a fragment is cut off, not refused. */
const RUNTIME_FLAGS = {
  'envoy.reloadable_features.http_reject_path_with_fragment': false,
  're2.max_program_size.error_level': '32768',
}

export function bootstrapOf(files: EnvoyFiles): Json {
  return {
    node: { id: 'proof', cluster: 'proof' },
    admin: { address: socket('127.0.0.1') },
    dynamic_resources: { lds_config: { path_config_source: { path: files.listeners }, resource_api_version: 'V3' } },
    layered_runtime: { layers: [{ name: 'global config', static_layer: RUNTIME_FLAGS }] },
  }
}

export function listenersOf(sets: readonly Filtered[], files: EnvoyFiles, credentials: Credentials): Json {
  return {
    version_info: '1',
    resources: sets.map((set, index) => listenerOf(listenerName(index), set, files, credentials)),
  }
}

export function listenerName(index: number): string {
  return `set-${index}`
}

function listenerOf(name: string, set: Filtered, files: EnvoyFiles, credentials: Credentials): Json {
  const filters =
    set.transport === 'http' ? [httpManager(set.filters, credentials)] : [...set.filters.flatMap(withShadow), echo()]
  const access = set.transport === 'http' ? {} : { access_log: [tcpLog(files)] }
  return {
    '@type': typeUrl('envoy.config.listener.v3.Listener'),
    name,
    address: socket('127.0.0.1'),
    additional_addresses: [{ address: socket('::1') }],
    listener_filters: [
      named(
        'envoy.filters.listener.proxy_protocol',
        'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
        {},
      ),
      named(
        'envoy.filters.listener.tls_inspector',
        'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
        {},
      ),
    ],
    filter_chains: [
      { filter_chain_match: { transport_protocol: 'tls' }, transport_socket: mutualTls(credentials), filters },
      { filter_chain_match: { transport_protocol: 'raw_buffer' }, filters },
    ],
    ...access,
  }
}

function httpManager(filters: readonly Json[], { keySet }: Credentials): Json {
  return named('envoy.filters.network.http_connection_manager', HTTP_MANAGER, {
    stat_prefix: 'inbound',
    codec_type: 'AUTO',
    normalize_path: true,
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    use_remote_address: false,
    stream_idle_timeout: '0s',
    forward_client_cert_details: 'APPEND_FORWARD',
    http_protocol_options: { allow_custom_methods: true },
    http_filters: [
      ...filters.filter(isCustom),
      jwtAuthentication(keySet),
      ...filters.filter((filter) => !isCustom(filter)),
      named('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {}),
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
        },
      ],
    },
    local_reply_config: {
      mappers: [
        {
          // Every answer; a filter must be named.
          filter: {
            status_code_filter: { comparison: { op: 'GE', value: { default_value: 0, runtime_key: 'none' } } },
          },
          headers_to_add: [
            header('x-details', '%RESPONSE_CODE_DETAILS%'),
            header('x-rbac', '%DYNAMIC_METADATA(envoy.filters.http.rbac)%'),
          ],
        },
      ],
    },
  })
}

/** A filter of a CUSTOM policy stands before authentication, as in a sidecar. */
function isCustom(filter: Json): boolean {
  return JSON.stringify(filter).includes('-deny-due-to-bad-CUSTOM-action')
}

/** As convertToEnvoyJwtConfig of Istio's policy applier makes it of one RequestAuthentication for each issuer. */
function jwtAuthentication(keySet: string): Json {
  const providers = Object.fromEntries(
    ISSUERS.map((issuer, index) => [
      `origins-${index}`,
      {
        issuer,
        forward: true,
        payload_in_metadata: 'payload',
        normalize_payload_in_metadata: { space_delimited_claims: ['permission', 'scope'] },
        local_jwks: { inline_string: keySet },
      },
    ]),
  )
  const names = Object.keys(providers)
  const eachOrNone = names.map((name) => ({
    requires_any: { requirements: [{ provider_name: name }, { allow_missing: {} }] },
  }))
  const requirements = [
    ...names.map((name) => ({ provider_name: name })),
    { requires_all: { requirements: eachOrNone } },
  ]
  return named('envoy.filters.http.jwt_authn', 'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
    providers,
    rules: [{ match: { prefix: '/' }, requires: { requires_any: { requirements } } }],
    bypass_cors_preflight: true,
  })
}

/** Key of the dynamic metadata that names the ALLOW rule that let a TCP connection pass. */
export const TCP_ALLOWED_BY = 'proof_shadow_effective_policy_id'

/**
 * The network filter tells which rule denied, not which allowed, so its ALLOW rules stand before it a second time, as shadow rules:
 * these decide nothing and tell.
 */
function withShadow(filter: Json): Json[] {
  const { name, typed_config: config } = filter as { name: string; typed_config: { readonly [name: string]: Json } }
  const rules = config['rules']
  if (rules === undefined || JSON.stringify(rules).startsWith('{"action":')) return [filter]
  const shadow = {
    '@type': config['@type']!,
    stat_prefix: 'proof.',
    shadow_rules: rules,
    shadow_rules_stat_prefix: 'proof_',
  }
  return [{ name, typed_config: shadow }, filter]
}

/** Answers only after the first bytes, when RBAC has decided. */
function echo(): Json {
  return named('envoy.filters.network.echo', 'envoy.extensions.filters.network.echo.v3.Echo', {})
}

/** One line for each connection: the port the PROXY protocol said tells which. */
function tcpLog({ tcpLog }: EnvoyFiles): Json {
  const line = [
    '%DOWNSTREAM_REMOTE_PORT%',
    '%CONNECTION_TERMINATION_DETAILS%',
    '%DYNAMIC_METADATA(envoy.filters.network.rbac)%',
  ]
  return named('envoy.access_loggers.file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path: tcpLog,
    log_format: { text_format_source: { inline_string: `${line.join('\t')}\n` } },
  })
}

function mutualTls({ authority, certificate, key }: Credentials): Json {
  return named('envoy.transport_sockets.tls', 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [{ certificate_chain: { inline_string: certificate }, private_key: { inline_string: key } }],
      validation_context: { trusted_ca: { inline_string: authority } },
    },
  })
}

function header(key: string, value: string): Json {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }
}

function socket(address: string): Json {
  return { socket_address: { address, port_value: 0 } }
}

function named(name: string, type: string, config: { readonly [name: string]: Json }): Json {
  return { name, typed_config: { '@type': typeUrl(type), ...config } }
}

function typeUrl(type: string): string {
  return `type.googleapis.com/${type}`
}
