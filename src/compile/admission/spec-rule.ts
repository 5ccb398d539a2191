/** Rules about grants that hold in an ALLOW alone or in a DENY alone. Pure. */
import type { AdmissionRule } from './admission.ts'

const IS_DENY = `(has(self.action) && self.action == 'DENY')`

interface OfGrants {
  /** The verb that the grant has. */
  readonly verb: string
  /** CEL, true of a good grant, which is called `grant`. */
  readonly holds: string
  readonly message: string
}

export function inAllow({ verb, holds, message }: OfGrants): AdmissionRule {
  return {
    rule: `${IS_DENY} || !has(self.grants) || self.grants.all(grant, !has(grant.${verb}) || ${holds})`,
    message,
    fieldPath: '.grants',
  }
}

export function inDeny({ verb, holds, message }: OfGrants): AdmissionRule {
  return {
    rule: `!${IS_DENY} || !has(self.grants) || self.grants.all(grant, !has(grant.${verb}) || ${holds})`,
    message,
    fieldPath: '.grants',
  }
}
