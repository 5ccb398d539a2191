/** What the tests of this room share: lint with real options, and the examples, each a wrong policy and the right one. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { SourceText } from '../../src/compile/index.ts'
import { lint, type LintReport } from '../../src/lint/index.ts'

const FOLDER = new URL('examples/', import.meta.url)

export interface Example {
  readonly code: string
  readonly wrong: string
  readonly right: string
}

export function readExamples(): Example[] {
  return readdirSync(FOLDER)
    .toSorted()
    .map((file) => {
      const text = readFileSync(new URL(file, FOLDER), 'utf8')
      const [, wrong, right] = /^# wrong\n([^]*)^# right\n([^]*)$/m.exec(text) ?? []
      if (wrong === undefined || right === undefined) throw new Error(`${file} has no "# wrong" and "# right"`)
      return { code: file.replace(/\.yaml$/, ''), wrong, right }
    })
}

/** Who lives where, for examples about something else. */
const ACCOUNTS: SourceText = {
  file: 'accounts.yaml',
  text: `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: everybody }
spec:
  accounts:
    - { account: SHOP, principals: [{ namespace: shop }, { group: support }] }
    - { account: HR, principals: [{ namespace: hr }] }
`,
}

export function lintText(text: string): LintReport {
  const beside =
    /kind: (SubjectPolicy|SubjectRoute|Role)\b/.test(text) && !/kind: AccountMap/.test(text) ? [ACCOUNTS] : []
  return lintFiles([...beside, { file: 'policy.yaml', text }])
}

export function lintFiles(files: readonly SourceText[]): LintReport {
  return lint(files, {
    trustDomains: { local: 'cluster.local', aliases: [] },
    forbiddenAccounts: ['AUTH'],
    hash: (text) => createHash('sha256').update(text).digest('hex'),
  })
}

export function codesOf({ findings }: LintReport): string[] {
  return [...new Set(findings.map(({ code }) => code))].toSorted()
}
