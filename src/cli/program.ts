/**
 * The commands of `nib` and their words. Each command's code is loaded when it is called, so that help is instant.
 * Exit codes: 0 done, 1 could not be done, 2 wrong usage or wrong documents.
 */
import { Command, CommanderError, Option } from 'commander'
import type { DemoOptions, DevOptions } from './dev-commands.ts'
import { didYouMean } from '../lib/nearest.ts'
import { addHttpCommands } from './http-commands.ts'
import type { Input } from './input.ts'
import { collect, example } from './options.ts'
import { createOutput, printable, type Failure, type Stream } from './output.ts'
import { addPolicyCommands } from './policy-commands.ts'
import { addQuestionCommands } from './question-commands.ts'
import type { ServerConfigOptions } from './server-config-command.ts'
import { addTopologyCommands } from './topology-commands.ts'
import { packageVersion } from './version.ts'

export interface Terminal {
  readonly out: Stream
  readonly problems: Stream
  /** Standard input, opened by whoever reads it. */
  readonly input?: Input
  readonly env: Readonly<Record<string, string | undefined>>
}

/** @returns the exit code. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const output = createOutput(terminal.out, terminal.problems, terminal.env)
  let exitCode = 0
  const finish = (code: number): void => {
    exitCode = code
  }

  const program = new Command('nib')
    .description('Answers NATS auth_callout from the identities and policies your mesh already has.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) =>
        void terminal.problems.write(printable(text.startsWith('error: ') ? `nib: error: ${inWords(text)}` : text)),
    })
    .addHelpText('after', CODES)

  program
    .command('serve')
    .description('answer auth_callout requests until told to stop')
    .requiredOption('-c, --config <file>', 'bridge configuration (bridge.yaml)')
    .addHelpText('after', example('nib serve -c bridge.yaml'))
    .action(async (options: { config: string }) => {
      const { serve } = await import('./serve-command.ts')
      finish(await serve(options, output))
    })

  addPolicyCommands(program, { output, input: terminal.input, finish })
  addQuestionCommands(program, { output, input: terminal.input, finish })
  addTopologyCommands(program, { output, input: terminal.input, finish })
  addHttpCommands(program, { output, input: terminal.input, finish }, terminal.out)

  program
    .command('server-config')
    .description('write a least-privilege nats-server configuration, its keys and a matching bridge.yaml')
    .requiredOption('-a, --account <name>', 'account that clients live in (repeatable)', collect, [])
    .requiredOption('-o, --out <folder>', 'folder to write to; an existing file is never overwritten')
    .addOption(
      new Option('-m, --mode <mode>', 'accounts in the file, or in JWTs')
        .choices(['config', 'operator'])
        .default('config'),
    )
    .option('--plain', 'requests and answers without xkey encryption')
    .option('--server-version <version>', 'the nats-server that will read it', '2.15.1')
    .option('--listen <host:port>', 'where clients connect', '127.0.0.1:4222')
    .option('--websocket <host:port>', 'also listen for WebSocket clients')
    .option('--mqtt <host:port>', 'also listen for MQTT clients')
    .option('--questions <account>', 'the bridge answers questions about the policy in this account')
    .option('--jetstream <folder>', 'enable JetStream with this store')
    .option('--tls-cert <file>', 'certificate of the server')
    .option('--tls-key <file>', 'its private key')
    .option('--tls-ca <file>', 'roots that signed it, for the bridge; default: those of the system')
    .option('--json', 'machine-readable output')
    .addHelpText(
      'after',
      example(
        'nib server-config --account SHOP --out ./nats',
        'nib server-config -m operator -a SHOP -a STAFF -o ./nats',
      ),
    )
    .action(async (options: ServerConfigOptions) => {
      const { serverConfigCommand } = await import('./server-config-command.ts')
      finish(await serverConfigCommand(options, output))
    })

  program
    .command('dev')
    .description('run everything on this machine: nats-server, a stand-in cluster, the bridge')
    .option('-p, --policies <folder>', 'folder of policy documents (default: the demo shop)')
    .option('--operator', 'operator mode instead of config mode')
    .option('--plain', 'requests and answers without xkey encryption')
    .option('--port <port>', 'port of nats-server, 0 for a free one (default: 4222)')
    .option('--fetch-only', 'get nats-server into the cache, then exit')
    .option('--kubernetes', 'with --fetch-only: also a Kubernetes API, which may take ten minutes to build')
    .addHelpText('after', example('nib dev --policies ./policy'))
    .action(async (options: DevOptions) => {
      const { devCommand } = await import('./dev-commands.ts')
      finish(await devCommand(options, output))
    })

  program
    .command('demo')
    .description('show the bridge at work on a small shop; ends with 0 when policy and server agree on every line')
    .option('--stay', 'go on running afterwards')
    .option('--cluster', 'apply the policy to a real kube-apiserver, which issues the tokens as well')
    .option('--operator', 'operator mode instead of config mode')
    .option('--plain', 'requests and answers without xkey encryption')
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib demo --stay'))
    .action(async (options: DemoOptions) => {
      const { demoCommand } = await import('./dev-commands.ts')
      finish(await demoCommand(options, output))
    })

  const keys = program.command('keys').description('make and show NATS keys (nkeys, xkeys)')
  keys
    .command('make')
    .description('make a key; the seed goes to a file, the public key to stdout')
    .argument('<kind>', 'account, xkey, user, operator or server')
    .requiredOption('-o, --out <file>', 'new file for the seed (mode 0600); an existing file is never overwritten')
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib keys make account -o keys/issuer.seed'))
    .action(async (kind: string, options: { out: string; json?: true }) => {
      const { makeKey } = await import('./keys-commands.ts')
      finish(await makeKey(kind, options, output))
    })
  keys
    .command('show')
    .description('show the kind and the public key of seed files; never the seed')
    .argument('<file...>', 'seed files')
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib keys show keys/issuer.seed'))
    .action(async (files: string[], options: { json?: true }) => {
      const { showKeys } = await import('./keys-commands.ts')
      finish(await showKeys(files, options, output))
    })

  /** A machine reads standard output alone. */
  const failed = (code: number, failure = output.failure(code === 2 ? USAGE : FAILED)): number => {
    if (isForMachine(argv) && failure !== undefined) output.json(failure)
    return code
  }
  try {
    const [first, name] = argv
    if (first === 'help' && name !== undefined && commandOf(program, [name]) === program && !/^(?:-|help$)/.test(name))
      program.error(`error: unknown command '${name}'`)
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode === 0 ? 0 : failed(exitCode)
  } catch (problem) {
    if (problem instanceof CommanderError) {
      if (problem.exitCode === 0) return 0
      const hint = usageHint(problem, program, argv)
      if (hint !== undefined) terminal.problems.write(`nib: hint: ${hint}\n`)
      return failed(usageCode(argv), { error: usageError(problem, hint), diagnostics: [] })
    }
    output.error(problem instanceof Error ? problem.message : String(problem))
    return failed(1)
  }
}

const CODES = `
Exit codes: 0 done, or yes; 1 could not be done, or no; 2 wrong usage or wrong documents.
With --json, failures are JSON on standard output too. Colour is for terminals, and not where NO_COLOR is set.
Each command shows examples: nib why --help
`
const USAGE = 'usage'
const FAILED = 'failed'

/** Also of a command line that cannot be read. */
function isForMachine(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? argv.length : end).includes('--json')
}

/** Who calls a command without its subcommand is shown the help. */
const HELP_SHOWN = '(outputHelp)'

function usageError({ message }: CommanderError, hint: string | undefined): Failure['error'] {
  const said = message === HELP_SHOWN ? 'the command is not complete' : inWords(message)
  return { code: USAGE, message: said, ...(hint === undefined ? {} : { hint }) }
}

/** What commander says, without its own words for things. */
function inWords(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'\./, "'$1' is no $2.")
}

function usageHint({ message, code }: CommanderError, program: Command, argv: readonly string[]): string | undefined {
  if (message === HELP_SHOWN) return undefined
  const command = commandOf(program, argv)
  const flags = command.options.flatMap(({ long }) => long ?? [])
  const slip = argv.find((word) => word.startsWith('--') && !['--', '--help', ...flags].includes(flagOf(word)))
  // Commander tells what is missing first, and a slip of the pen may be why.
  const meant = slip && code === 'commander.missingMandatoryOptionValue' ? didYouMean(flagOf(slip), flags) : undefined
  if (slip !== undefined && meant !== undefined) return `there is no ${printable(flagOf(slip))}: ${meant}`
  return `${pathOf(command)} --help ${command.commands.length > 0 ? 'lists the commands' : 'shows what it takes'}`
}

/** `--config=bridge.yaml` -> `--config` */
function flagOf(word: string): string {
  return word.split('=')[0] ?? word
}

/** As far as its words can be followed. */
function commandOf(command: Command, argv: readonly string[]): Command {
  const [word, ...rest] = argv
  const next = command.commands.find((one) => one.name() === word)
  return next === undefined ? command : commandOf(next, rest)
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** Of a plan, 2 says that something changes. */
function usageCode([command]: readonly string[]): number {
  return command === 'plan' ? 1 : 2
}
