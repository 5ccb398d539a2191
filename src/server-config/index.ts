/** Writes nats-server configurations that fit the bridge. What other rooms may use of this one. */
export { createServerConfig } from './create-server-config.ts'
export { freshKeys, type KeyFactory, type MadeKey } from './keys.ts'
export type {
  AccountOfOperator,
  BreakGlassLogin,
  BridgeSide,
  ConfigModeBridge,
  GeneratedFile,
  Holder,
  KeyInFile,
  OperatorModeBridge,
  OwnLogin,
  ServerConfig,
} from './server-config.ts'
export { isAtLeast, parseServerVersion, SINCE, type ServerVersion } from './server-version.ts'
export {
  DEFAULTS,
  type BreakGlass,
  type Listener,
  type Listeners,
  type ReplyPermission,
  type ServerConfigSetup,
  type ServerMode,
  type StoredPassword,
  type WebSocketListener,
} from './setup.ts'
