/** `principals:` of every kind, in what the Kubernetes API can check of it. Pure. `src/compile/values/matcher.ts` has the same in full. */
import { MATCHER_FIELDS } from '../../policy/matcher.ts'
import { list, must, type Admission } from './admission.ts'
import { namespaceName, serviceAccountName, trustDomainName } from './texts.ts'

const MAX_ENTRIES = 64
const MAX_CLAIMS = 16

/** A segment that is neither `.` nor `..`. */
const SEGMENT = String.raw`([A-Za-z0-9_-]|\.[A-Za-z0-9_-]|\.\.[A-Za-z0-9._-])[A-Za-z0-9._-]*`

const spiffeId: Admission = {
  maxLength: 1024,
  pattern: `^[Ss][Pp][Ii][Ff][Ff][Ee]://[A-Za-z0-9._-]{1,255}((/${SEGMENT})+|(/${SEGMENT})*/[*])$`,
  rules: [
    must(
      `self.matches('//[^/]+/.')`,
      'is no SPIFFE ID: write spiffe://<trust domain>/<path>, or end it with /* for all below',
    ),
  ],
}

const requestPrincipal: Admission = {
  minLength: 1,
  maxLength: 1024,
  pattern: String.raw`^(\*|\*[^*]+|[^*]+\*|[^*/]*/[^*]*)$`,
  rules: [
    must(
      `self == '' || self.contains('*') || self.contains('/')`,
      'has no "/": write <iss>/<sub>, with one * at the beginning or the end at most',
    ),
  ],
}

const entry: Admission = {
  properties: {
    serviceAccount: { ...serviceAccountName, description: 'namespace/name of a ServiceAccount; either may be *' },
    namespace: { ...namespaceName, description: 'namespace of a ServiceAccount' },
    trustDomain: { ...trustDomainName, description: 'trust domain of a workload; default: the local one' },
    spiffeId: { ...spiffeId, description: 'SPIFFE ID, or the beginning of one with /* behind it' },
    requestPrincipal: {
      ...requestPrincipal,
      description: '<issuer>/<subject> of an end-user token, with one * at the beginning or the end at most',
    },
    issuer: { maxLength: 1024, description: 'issuer of an end-user token' },
    claims: {
      description: 'claims of an end-user token by path: equal to the text, or a list that holds it',
      minProperties: 1,
      maxProperties: MAX_CLAIMS,
      values: { maxLength: 1024 },
      rules: [{ rule: `!('' in self)`, message: 'a claim has a name' }],
    },
    group: {
      maxLength: 512,
      description: 'Kubernetes group of a ServiceAccount, or a member of the groups claim of an end-user token',
    },
    authenticated: { description: 'true: everybody who proved an identity' },
  },
  rules: [
    {
      rule: MATCHER_FIELDS.map((field) => `has(self.${inCel(field)})`).join(' || '),
      message: 'says nobody: give at least one field (authenticated: true is everybody who proved an identity)',
    },
    {
      rule: `!has(self.serviceAccount) || !has(self.__namespace__) || self.serviceAccount.startsWith('*/') || self.serviceAccount.startsWith(self.__namespace__) && self.serviceAccount.substring(self.__namespace__.size()).startsWith('/')`,
      message: 'can never match: serviceAccount and namespace name different namespaces',
      fieldPath: '.namespace',
    },
    {
      rule: `!has(self.spiffeId) || !has(self.trustDomain) || self.spiffeId.size() > self.trustDomain.size() + 9 && self.spiffeId.lowerAscii().substring(9).startsWith(self.trustDomain) && self.spiffeId.substring(9 + self.trustDomain.size()).startsWith('/')`,
      message: 'can never match: spiffeId and trustDomain name different trust domains',
      fieldPath: '.trustDomain',
    },
  ],
}

export const principals = list(entry, MAX_ENTRIES, {
  description: 'who is meant: whoever one of these entries matches; all fields of an entry must match',
})

/** CEL reserves the word. */
function inCel(field: string): string {
  return field === 'namespace' ? '__namespace__' : field
}
