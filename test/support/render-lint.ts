/** The entries of docs/lint.md, made from the rules themselves and the examples that the tests run. */
import { RULE_TEXTS, type RuleText } from '../../src/lint/index.ts'
import { readExamples, type Example } from '../lint/support.ts'

/** By the first word of the code; what has none of these is about NATS grants. */
const FAMILIES: readonly (readonly [title: string, isOf: (code: string) => boolean])[] = [
  ['AuthorizationPolicy', (code) => code.startsWith('istio-')],
  ['Kubernetes RBAC', (code) => code.startsWith('rbac-')],
  ['JetStream and buckets', (code) => code.startsWith('jetstream-') || code === 'buckets-all'],
]
const GRANTS = 'Accounts, grants and ceilings'
const COMPILER = 'What the compiler says'

export function renderLint(): string {
  const examples = new Map(readExamples().map((example) => [example.code, example]))
  const byFamily = new Map<string, RuleText[]>()
  for (const rule of RULE_TEXTS) {
    const family = familyOf(rule)
    byFamily.set(family, [...(byFamily.get(family) ?? []), rule])
  }
  return [...byFamily]
    .map(([family, rules]) =>
      [`## ${family}`, ...rules.map((rule) => entry(rule, examples.get(rule.code)))].join('\n\n'),
    )
    .join('\n\n')
}

function familyOf(rule: RuleText): string {
  if (!('check' in rule)) return COMPILER
  return FAMILIES.find(([, isOf]) => isOf(rule.code))?.[0] ?? GRANTS
}

function entry({ code, severity, title, why, mend }: RuleText, example: Example | undefined): string {
  const head = [`### ${code}`, `${severity}: ${title}`, why, `To mend it: ${mend}.`]
  if (example === undefined) return head.join('\n\n')
  return [...head, fenced(example.wrong), 'Instead:', fenced(example.right)].join('\n\n')
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``
}
