/** Keys from files, rotated without a restart. What other rooms may use of this one. */
export { openKeyring, type Keyring, type KeyringPorts, type KeyringStatus } from './keyring.ts'
export type { KeyInUse } from './key-set.ts'
export { seedLines } from './seed-file.ts'
export { credsLogin, openServiceLogin, type ServiceLogin } from './service-login.ts'
export type {
  ConfigModeKeys,
  KeyringSettings,
  OperatorAccount,
  OperatorModeKeys,
  SeedFile,
  ServiceCredentials,
} from './settings.ts'
