/** Mistakes that somebody who ports Istio's rules makes, as changes of the text of `src/istio`. Pure data. */

export interface Mutation {
  readonly what: string
  /** In src/istio. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

export const MUTATIONS: readonly Mutation[] = [
  {
    what: 'a prefix is found anywhere',
    file: 'text-match.ts',
    from: 'text.startsWith(match.value)',
    to: 'text.includes(match.value)',
  },
  {
    what: 'a suffix is found anywhere',
    file: 'text-match.ts',
    from: 'text.endsWith(match.value)',
    to: 'text.includes(match.value)',
  },
  {
    what: 'the trailing star wins over the leading one',
    file: 'text-match.ts',
    from: 'if (value.startsWith(STAR)) return',
    to: 'if (value.startsWith(STAR) && !value.endsWith(STAR)) return',
  },
  {
    what: 'a star takes an empty text',
    file: 'text-match.ts',
    from: "return text !== '' &&",
    to: 'return',
  },
  {
    what: 'an empty header is not there',
    file: 'text-match.ts',
    from: "return match.is === 'presence' || matchesLiteral(match, text)",
    to: "return match.is === 'presence' ? text !== '' : matchesLiteral(match, text)",
  },
  {
    what: 'hosts are compared with their case',
    file: 'term-truth.ts',
    from: '[toLowerAscii(host)]',
    to: '[host]',
  },
  {
    what: 'the server name is compared with its case',
    file: 'term-truth.ts',
    from: 'toLowerAscii(sni)',
    to: 'sni',
  },
  {
    what: 'what is absent makes a `not` false too',
    file: 'term-truth.ts',
    from: 'return term.not ? not(truth) : truth\n}\n\nexport function operationTermTruth',
    to: 'return term.not ? truth === false && caller.peer !== undefined : truth\n}\n\nexport function operationTermTruth',
  },
  {
    what: 'a `not` of the operation is forgotten',
    file: 'term-truth.ts',
    from: 'return term.not ? not(truth) : truth\n}\n\nfunction matchesCaller',
    to: 'return truth\n}\n\nfunction matchesCaller',
  },
  {
    what: 'all entries of `from` must match',
    file: 'term-truth.ts',
    from: 'some(rule.callers,',
    to: 'every(rule.callers,',
  },
  {
    what: 'all entries of `to` must match',
    file: 'term-truth.ts',
    from: 'some(rule.operations,',
    to: 'every(rule.operations,',
  },
  {
    what: 'DENY is asked before CUSTOM',
    file: 'evaluate.ts',
    from: 'firstThat(custom, { ...request, claims: undefined }, mayMatch) ?? firstThat(deny, request, mayMatch)',
    to: 'firstThat(deny, request, mayMatch) ?? firstThat(custom, { ...request, claims: undefined }, mayMatch)',
  },
  {
    what: 'repeated lines of every header are compared one by one',
    file: 'header-lines.ts',
    from: 'JOINED.has(name)',
    to: "name === ''",
  },
  {
    what: 'a dot segment with parameters is a name',
    file: 'normalise-path.ts',
    from: "if (!path.includes('.;')) return path",
    to: 'if (path.length > 0) return path',
  },
  {
    what: 'an ALLOW policy without rules denies nothing',
    file: 'evaluate.ts',
    from: 'if (!hasAllow)',
    to: 'if (allow.length === 0)',
  },
  {
    what: 'rules are told in the order of their numbers',
    file: 'compile-policies.ts',
    from: 'return a.name < b.name ? -1 : 1',
    to: 'return a.rule - b.rule',
  },
  {
    what: 'dry-run policies are in force',
    file: 'compile-policies.ts',
    from: 'policies.filter(({ dryRun }) => !dryRun)',
    to: 'policies',
  },
  {
    what: 'an ALLOW rule with HTTP fields gets wider on a TCP port',
    file: 'compile-rule.ts',
    from: "action === 'ALLOW' && told.length > 0",
    to: "action === 'CUSTOM' && told.length > 0",
  },
  {
    what: 'HTTP fields are asked on a TCP port',
    file: 'compile-rule.ts',
    from: "isHttp: transport === 'http'",
    to: 'isHttp: transport !== undefined',
  },
  {
    what: 'a field and its `not` together are the field alone',
    file: 'compile-rule.ts',
    from: '...(notValues === undefined ?',
    to: '...(notValues === undefined || values !== undefined ?',
  },
  {
    what: 'notValues beside values are forgotten',
    file: 'compile-rule.ts',
    from: '[notValues, true] as const',
    to: '[values === undefined ? notValues : undefined, true] as const',
  },
  {
    what: 'a bare ServiceAccount is one of any namespace called default',
    file: 'compile-rule.ts',
    from: 'namespace: write.namespace, name: value',
    to: "namespace: 'default', name: value",
  },
  {
    what: 'the header Host is not the authority',
    file: 'compile-rule.ts',
    from: "lower === 'host' ? ':authority' : lower",
    to: 'lower',
  },
  {
    what: 'ports with leading zeros are no ports',
    file: 'checks.ts',
    from: "text === '' || NO_DIGIT.test(text) ?",
    to: "text === '' || text.startsWith('0') || NO_DIGIT.test(text) ?",
  },
  {
    what: 'nothing may stand behind a ServiceAccount',
    file: 'peer.ts',
    from: 'endsSegment(peer, at + sa.length)',
    to: 'at + sa.length === peer.length',
  },
  {
    what: 'nothing need stand behind a namespace',
    file: 'peer.ts',
    from: "index === pieces.length - 1 ? '/' : ''",
    to: "index > pieces.length ? '/' : ''",
  },
  {
    what: 'a namespace has no wildcards inside',
    file: 'compile-rule.ts',
    from: "pieces: value.split('*')",
    to: 'pieces: [value]',
  },
  {
    what: 'a trust domain is the beginning of another one',
    file: 'peer.ts',
    from: 'peer.startsWith(`${match.value}/`, SCHEME.length)',
    to: 'peer.startsWith(match.value, SCHEME.length)',
  },
  {
    what: 'a principal may be written with spiffe://',
    file: 'compile-rule.ts',
    from: 'expandPrincipals(values, mesh).map(parseTextMatch)',
    to: "expandPrincipals(values, mesh).map((value) => parseTextMatch(value.replace('spiffe://', '')))",
  },
  {
    what: 'the issuer ends at the first slash',
    file: 'request-principal.ts',
    from: "value.lastIndexOf('/')",
    to: "value.indexOf('/')",
  },
  {
    what: 'an issuer alone takes any subject',
    file: 'request-principal.ts',
    from: "const subject = slash < 0 ? '' : value.slice(slash + 1)",
    to: "const subject = slash < 0 ? '*' : value.slice(slash + 1)\n  if (slash < 0 && !value.includes(STAR)) return { issuer: exact(issuer), subject: ANY }",
  },
  {
    what: 'a token without sub is somebody under a star',
    file: 'claims.ts',
    from: "const sub = claimAt(['sub'], claims)",
    to: "const sub = claimAt(['sub'], claims) ?? 'somebody'",
  },
  {
    what: 'permission is not cut at blanks',
    file: 'claims.ts',
    from: "['scope', 'permission']",
    to: "['scope']",
  },
  {
    what: 'every claim is cut at blanks',
    file: 'claims.ts',
    from: 'SPACE_DELIMITED.has(name)',
    to: "name !== ''",
  },
  {
    what: 'numbers in a list are texts',
    file: 'claims.ts',
    from: "typeof member === 'string' && matches.some((match) => matchesText(match, member))",
    to: 'matches.some((match) => matchesText(match, String(member)))',
  },
  {
    what: 'IPv4 is inside ::/0',
    file: 'ip.ts',
    from: 'if (address.length !== block.address.length) return false',
    to: 'if (address.length !== block.address.length) return block.bits === 0',
  },
  {
    what: 'blocks end at whole bytes',
    file: 'ip.ts',
    from: 'const rest = block.bits & 7',
    to: 'const rest = block.bits & 0',
  },
  {
    what: '{*} takes every character but a slash',
    file: 'path-template.ts',
    from: "found === '' || NOT_IN_SEGMENT.test(found)",
    to: "found === ''",
  },
  {
    what: '{*} takes an empty segment',
    file: 'path-template.ts',
    from: "found === '' || NOT_IN_SEGMENT.test(found)",
    to: 'NOT_IN_SEGMENT.test(found)',
  },
  {
    what: '{**} takes one character at least',
    file: 'path-template.ts',
    from: 'end >= start &&',
    to: 'end > start &&',
  },
  {
    what: 'cluster.local is an ordinary trust domain',
    file: 'trust-domain.ts',
    from: 'written !== POINTER && ',
    to: '',
  },
  {
    what: 'a principal of four parts is said for the aliases too',
    file: 'trust-domain.ts',
    from: 'parts.length !== PARTS ||',
    to: 'parts.length < PARTS - 1 ||',
  },
  {
    what: 'a trust domain with a star is replaced by every alias',
    file: 'trust-domain.ts',
    from: 'matchesSuffix(trustDomain, written) ? principal :',
    to: '',
  },
  {
    what: 'trustDomains know no aliases',
    file: 'trust-domain.ts',
    from: 'own.includes(value) ? own : [value]',
    to: '[value]',
  },
  {
    what: 'cluster.local in trustDomains is a pointer',
    file: 'trust-domain.ts',
    from: 'own.includes(value) ? own : [value]',
    to: 'own.includes(value) || value === POINTER ? own : [value]',
  },
  {
    what: 'the root namespace is one like others',
    file: 'select-policies.ts',
    from: 'policy.namespace === mesh.rootNamespace ||',
    to: '',
  },
  {
    what: 'a sidecar heeds a policy with targetRefs',
    file: 'select-policies.ts',
    from: 'if (gateway === undefined || namespace !== workload.namespace) return false',
    to: 'if (gateway === undefined) return true',
  },
  {
    what: 'a policy without a target is for a waypoint too',
    file: 'select-policies.ts',
    from: "if (target.is !== 'targetRefs') return false",
    to: "if (target.is !== 'targetRefs') return true",
  },
  {
    what: '%2e is no dot',
    file: 'normalise-path.ts',
    from: "(text[at + 2] === 'e' || text[at + 2] === 'E')",
    to: "text[at + 2] === 'E'",
  },
  {
    what: 'the tilde is not unreserved',
    file: 'normalise-path.ts',
    from: 'const UNRESERVED = /[A-Za-z0-9\\-._~]/',
    to: 'const UNRESERVED = /[A-Za-z0-9\\-._]/',
  },
  {
    what: 'a backslash is no slash',
    file: 'normalise-path.ts',
    from: "else if (character === '\\\\') out.push('/')",
    to: "else if (character === '\\\\') out.push('\\\\')",
  },
  {
    what: 'a bar stays as it is',
    file: 'normalise-path.ts',
    from: 'const ESCAPED = /["<>^`{|}]/',
    to: 'const ESCAPED = /["<>^`{}]/',
  },
  {
    what: 'the query is part of the path',
    file: 'complete-request.ts',
    from: 'path: target.path,',
    to: 'path: `${target.path}${target.query}`,',
  },
  {
    what: 'the header :path has no query',
    file: 'complete-request.ts',
    from: '`${target.path}${target.query}`',
    to: 'target.path',
  },
  {
    what: 'remote.ip is the first address of x-forwarded-for',
    file: 'complete-request.ts',
    from: "?.split(',').at(-1)",
    to: "?.split(',').at(0)",
  },
]
