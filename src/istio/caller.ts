/** What is known at CONNECT of the one who connects: policy.md section 1. Pure. */
import type { Principal } from '../identity/principal.ts'
import { UNKNOWN, type CallerAttributes } from './attributes.ts'

/** A workload has a certificate's URI and no JWT, an end user a JWT and no certificate. Addresses and headers cannot be known. */
export function callerAttributesOf({ workload, requestAuth }: Principal): CallerAttributes {
  return {
    peer: workload?.spiffeId.uri,
    claims:
      requestAuth === undefined
        ? undefined
        : { ...requestAuth.claims, iss: requestAuth.issuer, sub: requestAuth.subject },
    sourceIp: UNKNOWN,
    remoteIp: UNKNOWN,
    headers: UNKNOWN,
  }
}
