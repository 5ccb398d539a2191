/** Names of Kubernetes RBAC, and of the virtual resource in it that stands for NATS subjects. Pure. */
import { z } from 'zod'
import { isJsonObject, type Json } from '../../../lib/json.ts'
import { metadata } from '../../metadata.ts'
import { isList } from '../../source-object.ts'
import { refuse } from '../../values/refuse.ts'

export const RBAC_GROUP = 'rbac.authorization.k8s.io'
export const RBAC_VERSION = `${RBAC_GROUP}/v1`

/** `resources: [subjects]` in our own API group. */
export const SUBJECTS = 'subjects'
export const ANY = '*'

/** RBAC objects may have names that others may not: `system:node`. */
const rbacName = z.string().transform((text, ctx) => {
  if (text !== '' && text !== '.' && text !== '..' && !/[/%]/.test(text)) return text
  return refuse(ctx, text, { code: 'name-invalid', reason: 'is no object name: no "/" and no "%" in it' })
})

export const rbacMetadata = metadata.extend({ name: rbacName })

const OUR_WORD = /nats-identity-bridge/i

/** Our API group, or what was probably meant to be it. */
export function isOurWord(text: string): boolean {
  return OUR_WORD.test(text)
}

/** Whether the word stands anywhere in it. */
export function mentionsUs(value: Json | undefined): boolean {
  if (typeof value === 'string') return isOurWord(value)
  if (isList(value)) return value.some(mentionsUs)
  return isJsonObject(value) && Object.entries(value).some(([key, member]) => isOurWord(key) || mentionsUs(member))
}
