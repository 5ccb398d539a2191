/** NATS keys: sign, verify, seal, open. A lower room that adapters share; knows nothing of requests or policy. */
export { createBoxKey, isSealed, parseBoxKey, type BoxKey, type SharedBox } from './box.ts'
export {
  createSigningKey,
  isPublicKey,
  parseSigner,
  parseVerifier,
  type Signer,
  type SigningRole,
  type Verifier,
} from './signing.ts'
