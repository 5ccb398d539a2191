/** Grants wider than anybody means: every subject, every caller, or a star taken for everything. Pure. */
import { quote } from '../../lib/spell.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { isLiteral, type Pattern } from '../../subject/index.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { allowsOf, entriesOf, grantedBy, type Granted } from '../grant-rules.ts'
import { isEverybody } from '../principals.ts'

export const grantEverything: Rule = {
  code: 'grant-everything',
  severity: 'warning',
  title: 'grant of every subject',
  why: 'A pattern that begins with a wildcard reaches every application of the account, the inboxes of others, and the subjects of JetStream and of the server. The waivers that let it compile do not make it narrower.',
  mend: 'begin the pattern with the literal token of the application, as in `shop.>`',
  check: ({ model }) =>
    grantedBy(allowsOf(model))
      .filter(({ pattern }) => pattern.tokens[0] === '>' || (pattern.tokens[0] === '*' && pattern.tokens.length > 1))
      .map((granted) =>
        suspect(granted, `${granted.rule.grant.verb} ${quote(granted.pattern.text)} grants every subject`),
      ),
}

export const starIsOneToken: Rule = {
  code: 'star-is-one-token',
  severity: 'warning',
  title: '"*" taken for everything',
  why: 'In NATS `*` stands for exactly one token: `*` alone matches subjects without a dot, which hardly anybody has. As a publish grant it gives next to nothing, as a DENY it denies next to nothing.',
  mend: 'name the subjects; where everything is meant, and waived, write `">"`',
  check: ({ model }) =>
    grantedBy(model.grants)
      .filter(({ pattern }) => pattern.text === '*')
      .map((granted) => suspect(granted, `${quote('*')} matches subjects of one token only`)),
}

export const grantToEverybody: Rule = {
  code: 'grant-to-everybody',
  severity: 'warning',
  title: 'wildcard granted to whoever can log in',
  why: 'A matcher such as `authenticated: true` or `serviceAccount: "*/*"` matches every workload of the mesh, also of namespaces that do not exist yet. With a wildcard, all of them hold a whole tree of subjects.',
  mend: 'name namespaces or ServiceAccounts, or grant single subjects',
  check: ({ model }) =>
    allowsOf(model)
      .filter((rule) => entriesOf(rule).some(isEverybody))
      .flatMap((rule) => grantedBy([rule]))
      .filter(({ pattern }) => isWide(pattern))
      .map((granted) =>
        suspect(
          granted,
          `${nameOrigin(granted.rule.origin)} grants ${quote(granted.pattern.text)} to everybody who can log in`,
        ),
      ),
}

/** Also a star in the middle is as many subjects as there are tokens. */
function isWide(pattern: Pattern): boolean {
  return !isLiteral(pattern)
}

function suspect({ rule, pattern }: Granted, message: string): Suspicion {
  return { at: { origin: rule.origin, written: pattern.text }, message }
}
