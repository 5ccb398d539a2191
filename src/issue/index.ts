/** What a login is given, as NATS JWTs. Pure but for the signers handed in. */
export { sessionEnd, type SessionSettings } from './lifetime.ts'
export { responseClaims, type ResponseEnvelope, type Verdict } from './response-claims.ts'
export { signToken, type TokenSigner } from './token.ts'
export { permissionClaims, userClaims, type Placement, type UserGrant } from './user-claims.ts'
