/** The commands that work on policy files: they check, compile and test them. No bridge, no server. */
import { Option, type Command } from 'commander'
import type { CompileArguments } from './compile-command.ts'
import type { Input } from './input.ts'
import type { LintOptions } from './lint-command.ts'
import {
  addClaimOptions,
  addMeshOptions,
  bridgeConfigOption,
  collect,
  example,
  groupOption,
  policiesOption,
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
  addClaimOptions(addMeshOptions(program.command('compile')))
    .description('check policy documents, and show what each principal gets, exactly as its user JWT says it')
    .addOption(policiesOption())
    .addOption(bridgeConfigOption())
    .option(
      '--principal <id...>',
      'only these: ns/name, a SPIFFE ID, or https://issuer/subject (default: all named ones)',
    )
    .option('--server-version <version>', 'the nats-server that will enforce it', '2.15.1')
    .option('--strict', 'a warning is an error')
    .addOption(groupOption())
    .option('--json', 'machine-readable output')
    .addHelpText(
      'after',
      example(
        'nib compile --policies ./policy',
        'nib compile -p ./policy --principal shop/orders --json',
        'nib compile -p ./policy -c bridge.yaml',
        'helm template ./chart | nib compile -p - --strict',
      ),
    )
    .action(async (options: CompileArguments) => {
      const { compileCommand } = await import('./compile-command.ts')
      finish(await compileCommand(options, output, input))
    })

  addMeshOptions(program.command('lint'))
    .description('find what compiles and yet says something else than its author meant, in Istio policies as well')
    .addOption(policiesOption().makeOptionMandatory(false))
    .addOption(bridgeConfigOption())
    .addOption(
      new Option('--fail-on <severity>', 'end with 1 from this severity on')
        .choices(['error', 'warning', 'info'])
        .default('error'),
    )
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
    .option('--junit <file>', 'also write the results as JUnit XML; - for stdout instead of the text')
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
