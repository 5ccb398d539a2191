/** A report as SARIF 2.1.0 (OASIS, section 3), for code hosts that show findings beside the lines. Pure. */
import type { Severity } from '../policy/diagnostic.ts'
import type { Finding, RuleText } from './finding.ts'
import type { LintReport } from './lint.ts'
import { textOf } from './texts.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'
const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<Severity, string>

export interface SarifTool {
  readonly name: string
  readonly version: string
  readonly informationUri?: string
}

/** @param uriOf from the name of a file to a URI relative to the root of the repository, percent-encoded */
export function toSarif({ findings }: LintReport, tool: SarifTool, uriOf: (file: string) => string): object {
  const byCode = new Map(findings.map(({ code, severity }) => [code, severity]))
  const codes = [...byCode.keys()].toSorted()
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { ...tool, rules: codes.map((code) => ruleOf(textOf(code, byCode.get(code) ?? 'error'))) } },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.code), uriOf)),
      },
    ],
  }
}

function ruleOf({ code, title, why, mend, severity }: RuleText): object {
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: `${why} To mend it: ${mend}.`, markdown: `${why}\n\n**To mend it:** ${mend}.` },
    defaultConfiguration: { level: LEVELS[severity] },
  }
}

function resultOf(finding: Finding, ruleIndex: number, uriOf: (file: string) => string): object {
  const { code, severity, message, mend, file, line, column } = finding
  const region =
    line === undefined ? {} : { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } }
  const location = file === undefined ? {} : { physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region } }
  const logical = nameOf(finding)
  const locations = { ...location, ...(logical === undefined ? {} : { logicalLocations: [logical] }) }
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${message}. ${mend}` },
    ...(Object.keys(locations).length === 0 ? {} : { locations: [locations] }),
  }
}

function nameOf({ kind, namespace, name, rule }: Finding): object | undefined {
  if (kind === undefined || name === undefined) return undefined
  const path = namespace === undefined ? name : `${namespace}/${name}`
  return { fullyQualifiedName: `${kind} ${path}${rule === undefined ? '' : `[${rule}]`}`, kind: 'resource' }
}
