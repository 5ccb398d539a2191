/** The commands that work on policy files alone: no bridge, no server. */
import { Option, type Command } from 'commander'
import type { CompileArguments } from './compile-command.ts'
import type { Input } from './input.ts'
import type { LintOptions } from './lint-command.ts'
import {
  actionArgument,
  aliasOption,
  claimOption,
  collect,
  example,
  groupOption,
  policiesOption,
  rootNamespaceOption,
  trustDomainOption,
} from './options.ts'
import type { Output } from './output.ts'
import type { TestArguments } from './test-command.ts'

export interface CommandContext {
  readonly output: Output
  readonly input: Input | undefined
  /** Sets the exit code. */
  readonly finish: (code: number) => void
}

export function addPolicyCommands(program: Command, { output, input, finish }: CommandContext): void {
  program
    .command('why')
    .description('say whether a principal may use a subject, and which rules say so')
    .argument('<principal>', 'ns/name, a SPIFFE ID, or https://issuer/subject')
    .addArgument(actionArgument())
    .argument('<subject>', 'a subject; to subscribe, wildcards may stand in it')
    .addOption(policiesOption())
    .option('-q, --queue <name>', 'subscribe as a member of this queue group')
    .addOption(trustDomainOption())
    .addOption(aliasOption())
    .addOption(rootNamespaceOption())
    .addOption(claimOption())
    .addOption(groupOption())
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib why shop/orders publish shop.orders.created --policies ./policy'))
    .action(async (principal: string, action: 'publish' | 'subscribe', subject: string, options: QueryOptions) => {
      const { whyCommand } = await import('./query-commands.ts')
      finish(await whyCommand({ principal, action, subject, ...options }, output, input))
    })

  program
    .command('what-can')
    .description('list everything a principal may do, and the rule behind each entry')
    .argument('<principal>', 'ns/name, a SPIFFE ID, or https://issuer/subject')
    .addOption(policiesOption())
    .addOption(trustDomainOption())
    .addOption(aliasOption())
    .addOption(rootNamespaceOption())
    .addOption(claimOption())
    .addOption(groupOption())
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib what-can shop/dashboard --policies ./policy'))
    .action(async (principal: string, options: QueryOptions) => {
      const { whatCanCommand } = await import('./query-commands.ts')
      finish(await whatCanCommand({ principal, ...options }, output, input))
    })

  program
    .command('compile')
    .description('check policy documents, and show what each principal gets, exactly as its user JWT says it')
    .addOption(policiesOption())
    .option(
      '--principal <id...>',
      'only these: ns/name, a SPIFFE ID, or https://issuer/subject (default: all named ones)',
    )
    .option('--server-version <version>', 'the nats-server that will enforce it', '2.15.1')
    .option('--strict', 'a warning is an error')
    .addOption(trustDomainOption())
    .addOption(aliasOption())
    .addOption(rootNamespaceOption())
    .addOption(claimOption())
    .addOption(groupOption())
    .option('--json', 'machine-readable output')
    .addHelpText(
      'after',
      example(
        'nib compile --policies ./policy',
        'nib compile -p ./policy --principal shop/orders --json',
        'helm template ./chart | nib compile -p - --strict',
      ),
    )
    .action(async (options: CompileArguments) => {
      const { compileCommand } = await import('./compile-command.ts')
      finish(await compileCommand(options, output, input))
    })

  program
    .command('lint')
    .description('find what compiles and yet says something else than its author meant, in Istio policies as well')
    .addOption(policiesOption().makeOptionMandatory(false))
    .addOption(
      new Option('--fail-on <severity>', 'end with 1 from this severity on')
        .choices(['error', 'warning', 'info'])
        .default('error'),
    )
    .addOption(trustDomainOption())
    .option('--sarif <file>', 'also write the findings as SARIF 2.1.0; - for stdout instead of the text')
    .option('--explain <code>', 'say why a finding matters and how to mend it')
    .option('--list', 'list the codes of all findings')
    .option('--json', 'machine-readable output')
    .addHelpText(
      'after',
      example(
        'nib lint --policies ./policy',
        'nib lint -p ./policy -p ./istio --fail-on warning --sarif lint.sarif',
        'nib lint --explain istio-from-to-split',
      ),
    )
    .action(async (options: LintOptions) => {
      const { lintCommand } = await import('./lint-command.ts')
      finish(await lintCommand(options, output, input))
    })

  program
    .command('test')
    .description('hold assertions of who can do what against the policy; for CI')
    .argument('<file...>', 'files with documents of kind PolicyTest')
    .option(
      '-p, --policies <path>',
      'policies in place of those that the files name; - for stdin (repeatable)',
      collect,
      [],
    )
    .option('--coverage', 'list the rules that are behind no assertion')
    .option('--fail-under <percent>', 'fail when less of the rules is behind an assertion')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .option('--json', 'machine-readable output')
    .addHelpText(
      'after',
      example('nib test shop.test.yaml', 'nib test tests/*.yaml --fail-under 80 --junit report.xml'),
    )
    .action(async (files: string[], options: Omit<TestArguments, 'files'>) => {
      const { testCommand } = await import('./test-command.ts')
      finish(await testCommand({ files, ...options }, output, input))
    })
}

interface QueryOptions {
  readonly policies: string[]
  readonly trustDomain: string
  readonly alias: string[]
  readonly rootNamespace: string
  readonly claim: string[]
  readonly group: string[]
  readonly queue?: string
  readonly json?: true
}
