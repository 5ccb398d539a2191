/** `nib lint`: what policy documents say against the intent of their author. Exit codes: 0 nothing, 1 findings, 2 wrong usage or no files. */
import { writeFile } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { didYouMean } from '../lib/nearest.ts'
import { quote } from '../lib/spell.ts'
import { table } from '../lib/table.ts'
import { findText, isAtLeast, lint, RULE_TEXTS, toSarif, type Finding, type LintReport } from '../lint/index.ts'
import type { Severity } from '../policy/diagnostic.ts'
import { withBridgeConfig, type BridgeConfigOption } from './bridge-config-option.ts'
import { COMPILER_CODES } from './compiler-codes.ts'
import type { Input } from './input.ts'
import { compileOptionsOf, readPolicyTexts } from './load-snapshot.ts'
import { meshMistake } from './mesh.ts'
import type { MeshOptions } from './options.ts'
import type { Output } from './output.ts'
import { packageVersion } from './version.ts'

export interface LintOptions extends MeshOptions, BridgeConfigOption {
  readonly policies?: readonly string[]
  readonly failOn: Severity
  readonly json?: true
  /** A file, or `-` for standard output. */
  readonly sarif?: string
  readonly explain?: string
  readonly list?: true
}

export async function lintCommand(options: LintOptions, output: Output, input: Input | undefined): Promise<number> {
  if (options.list) return listCodes(options, output)
  if (options.explain !== undefined) return explain(options.explain, options, output)
  const { policies = [] } = options
  if (policies.length === 0) return refuse(output, 'no policies given', 'nib lint --policies <folder>')
  const wrong = meshMistake(options)
  if (wrong !== undefined) return refuse(output, wrong)
  if (options.json && options.sarif === '-') {
    return refuse(output, '--json and --sarif - both write to standard output', 'give --sarif a file')
  }
  const texts = await readPolicyTexts(policies, input)
  if (!texts.ok) {
    output.diagnostics(texts.error)
    return 2
  }
  const configured = await withBridgeConfig(options)
  if (!configured.ok) {
    output.diagnostics(configured.error)
    return 2
  }
  const report = lint(texts.value, compileOptionsOf(configured.value))
  const failing = report.findings.filter(({ severity }) => isAtLeast(severity, options.failOn)).length
  if (options.sarif !== undefined && !(await writeSarif(report, options.sarif, output))) return 2
  if (options.json) output.json(asJson(report, texts.value.length))
  else if (options.sarif !== '-') print(report, texts.value.length, output)
  return failing > 0 ? 1 : 0
}

function refuse(output: Output, message: string, hint?: string): number {
  output.error(message, hint)
  return 2
}

const SEVERITIES = ['error', 'warning', 'info'] as const

function countsOf(findings: readonly Finding[]): Record<Severity, number> {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  return { error: count('error'), warning: count('warning'), info: count('info') }
}

function asJson(report: LintReport, files: number): object {
  const { findings, documents, waived, withheld } = report
  const counts = countsOf(findings)
  return { files, documents, counts, waived, ...(withheld === undefined ? {} : { withheld }), findings }
}

async function writeSarif(report: LintReport, target: string, output: Output): Promise<boolean> {
  const sarif = toSarif(report, { name: 'nib-lint', version: packageVersion() }, uriOf)
  if (target === '-') {
    output.json(sarif)
    return true
  }
  try {
    await writeFile(target, `${JSON.stringify(sarif, undefined, 2)}\n`)
    return true
  } catch {
    output.error(`cannot write ${target}`, 'does its folder exist?')
    return false
  }
}

/** Code hosts look for files from the root of the repository, where pipelines run. */
function uriOf(file: string): string {
  const path = isAbsolute(file) ? relative(process.cwd(), file) : file
  return path.replace(/^\.\//, '').split('/').map(encodeURIComponent).join('/')
}

const TONES = { error: 'bad', warning: 'strong', info: 'dim' } as const satisfies Record<Severity, string>

function print(report: LintReport, files: number, output: Output): void {
  const { findings } = report
  for (const file of new Set(findings.map((finding) => finding.file))) {
    output.line(output.paint(file ?? 'all files together', 'strong'))
    for (const finding of findings) if (finding.file === file) printFinding(finding, output)
    output.line()
  }
  printSummary(report, files, output)
}

function printFinding(finding: Finding, output: Output): void {
  const { line, column, severity, code, message, mend } = finding
  const place = [line, column].filter((part) => part !== undefined).join(':')
  const subject = subjectOf(finding)
  const head = `${place.padEnd(PLACE_WIDTH)}${output.paint(severity.padEnd(SEVERITY_WIDTH), TONES[severity])}${output.paint(code, 'dim')}`
  output.line(`  ${head}${subject === '' ? '' : `  ${subject}`}`)
  output.line(`  ${MARGIN}${message}`)
  output.line(`  ${MARGIN}${output.paint(`mend: ${mend}`, 'dim')}`)
}

const PLACE_WIDTH = 8
const SEVERITY_WIDTH = 9
const MARGIN = ' '.repeat(PLACE_WIDTH)

function subjectOf({ kind, namespace, name, rule }: Finding): string {
  if (kind === undefined) return ''
  const path = [namespace, name].filter((part) => part !== undefined).join('/')
  return `${kind} ${path}${rule === undefined ? '' : `[${rule}]`}`
}

function printSummary({ findings, documents, waived, withheld }: LintReport, files: number, output: Output): void {
  const counts = countsOf(findings)
  const read = `${plural(files, 'file')}, ${plural(documents, 'document')}`
  const told = SEVERITIES.filter((severity) => counts[severity] > 0).map((severity) =>
    output.paint(severity === 'info' ? `${counts.info} info` : plural(counts[severity], severity), TONES[severity]),
  )
  const found = told.length === 0 ? output.paint('nothing found', 'good') : told.join(', ')
  output.line(`${read}: ${found}${waived === 0 ? '' : `, ${waived} waived`}`)
  if (withheld !== undefined) {
    output.line(`grants, accounts and ceilings were not looked at together: ${withheld}`)
  }
  const [first] = findings
  if (first !== undefined) output.line(`nib lint --explain ${entryOf(first)} says why it matters`)
}

/** Many codes of the compiler share an entry. */
function entryOf({ docs }: Finding): string {
  return docs.slice(docs.indexOf('#') + 1)
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

function listCodes({ json }: LintOptions, output: Output): number {
  const rules = RULE_TEXTS.map(({ code, severity, title }) => ({ code, severity, title }))
  if (json) output.json(rules)
  else {
    const rows = rules.map(({ code, severity, title }) => [code, severity, title])
    for (const line of table(['code', 'severity', 'what it finds'], rows)) output.line(line)
  }
  return 0
}

function explain(code: string, { json }: LintOptions, output: Output): number {
  const rule = findText(code)
  if (rule === undefined)
    return COMPILER_CODES.includes(code) ? explainShared(code, json, output) : unknownCode(code, output)
  const { severity, title, why, mend } = rule
  if (json) output.json({ code, severity, title, why, mend })
  else {
    output.line(`${output.paint(code, 'strong')}  ${output.paint(severity, TONES[severity])}`)
    output.line(title)
    output.line()
    output.line(`Why it matters: ${why}`)
    output.line(`To mend it: ${mend}.`)
  }
  return 0
}

const SHARED = { error: 'not-as-written', otherwise: 'compiler-remark' } as const

/** Most codes of the compiler need no more than their message. */
function explainShared(code: string, json: true | undefined, output: Output): number {
  const title = 'told by the compiler: its message says what was read and what was expected'
  const entries = Object.values(SHARED)
  if (json) {
    output.json({ code, title, entries })
    return 0
  }
  output.line(output.paint(code, 'strong'))
  output.line(title)
  output.line()
  output.line(`As an error (${SHARED.error}): ${findText(SHARED.error)?.why ?? ''}`)
  output.line(`Otherwise (${SHARED.otherwise}): ${findText(SHARED.otherwise)?.why ?? ''}`)
  return 0
}

function unknownCode(code: string, output: Output): number {
  const known = [...RULE_TEXTS.map((text) => text.code), ...COMPILER_CODES]
  return refuse(
    output,
    `no finding has the code ${quote(code)}`,
    didYouMean(code, known) ?? 'nib lint --list names them',
  )
}
