/** Token authentication: from the text of a token to the principal it proves, and the issuers' keys that this takes. */
export {
  createAuthenticator,
  type Authenticator,
  type AuthenticatorParts,
  type AuthnObserver,
  type IssuerStatus,
} from './authenticator.ts'
export type { KeyRingStatus } from './key-ring.ts'
export type { TokenRefusal } from './refusal.ts'
export type { IssuerSettings, KeySourceSettings } from './settings.ts'
export { issuerProblems, type SettingsProblem } from './settings-problems.ts'
export { AUTHN_SYSTEM, type AuthnSystem } from './system.ts'
