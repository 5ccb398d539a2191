/** Names as Kubernetes, SPIFFE and NATS allow them. Pure. */
import { z } from 'zod'
import { isTrustDomain } from '../../identity/spiffe-id.ts'
import { refuse } from './refuse.ts'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/
/** No blanks and no control characters: the name becomes the audience of a user JWT and part of log lines. */
const ACCOUNT = /^[!-~]{1,128}$/

const NO_NAMESPACE = 'is no namespace: lower-case letters, digits and "-", a letter or digit first and last, at most 63'

/** RFC 1123 label, as the names of namespaces are. */
export function isLabel(text: string): boolean {
  return LABEL.test(text)
}

/** RFC 1123 subdomain, as the names of ServiceAccounts and of most objects are. */
export function isSubdomain(text: string): boolean {
  return SUBDOMAIN.test(text)
}

/** Empty stands for none, as in Kubernetes. */
export const objectNamespace = z.string().transform((text, ctx) => {
  if (text === '' || isLabel(text)) return text
  return refuse(ctx, text, { code: 'namespace-invalid', reason: NO_NAMESPACE })
})

export const objectName = z.string().transform((text, ctx) => {
  if (isSubdomain(text)) return text
  const reason = 'is no object name: lower-case letters, digits, "-" and ".", a letter or digit first and last'
  return refuse(ctx, text, { code: 'name-invalid', reason })
})

export const namespaceName = z.string().transform((text, ctx) => {
  if (isLabel(text)) return text
  const hint = hintForNamespace(text)
  return refuse(ctx, text, { code: 'namespace-invalid', reason: NO_NAMESPACE, hint })
})

function hintForNamespace(text: string): string | undefined {
  if (text === '*') return 'for every namespace write serviceAccount: "*/*"'
  return text.includes('*') ? 'a namespace is compared as a whole: write one entry for each' : undefined
}

export const trustDomainName = z.string().transform((text, ctx) => {
  if (isTrustDomain(text)) return text
  const reason = 'is no trust domain: a-z, 0-9, ".", "-" and "_"'
  const hint = text.includes('/')
    ? 'write the domain alone, without spiffe:// and path'
    : 'trust domains are lower-case'
  return refuse(ctx, text, { code: 'trust-domain-invalid', reason, hint })
})

export const accountName = z
  .string()
  .meta({ description: 'name of a NATS account, as the configuration of the bridge lists it' })
  .transform((text, ctx) => {
    if (ACCOUNT.test(text)) return text
    const reason = 'is no account: 1 to 128 printable characters without blanks'
    return refuse(ctx, text, { code: 'account-invalid', reason })
  })
