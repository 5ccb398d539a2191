/**
 * The commands of `nib` and their words. Each command's code is loaded when it is called, so that help is instant.
 * Exit codes: 0 done, 1 could not be done, 2 wrong usage or wrong documents.
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import { createOutput } from './output.ts'
import { packageVersion } from './version.ts'

export async function runCommand(argv: readonly string[]): Promise<number> {
  const output = createOutput(process.stdout, process.stderr, process.env)
  let exitCode = 0
  const finish = (code: number): void => {
    exitCode = code
  }

  const program = new Command('nib')
    .description('Answers NATS auth_callout from the identities and policies your mesh already has.')
    .version(packageVersion(), '-V, --version')
    .showHelpAfterError('(nib --help lists the commands)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'nib: error: ')) })

  program
    .command('serve')
    .description('answer auth_callout requests until told to stop')
    .requiredOption('-c, --config <file>', 'bridge configuration (bridge.yaml)')
    .addHelpText('after', example('nib serve -c bridge.yaml'))
    .action(async (options: { config: string }) => {
      const { serve } = await import('./serve-command.ts')
      finish(await serve(options, output))
    })

  program
    .command('why')
    .description('say whether a principal may use a subject, and which rules say so')
    .argument('<principal>', 'ns/name, a SPIFFE ID, or https://issuer/subject')
    .addArgument(actionArgument())
    .argument('<subject>', 'a subject; to subscribe, wildcards may stand in it')
    .addOption(policiesOption())
    .option('-q, --queue <name>', 'subscribe as a member of this queue group')
    .addOption(trustDomainOption())
    .option('--claim <path=value>', 'a claim of an end-user token (repeatable)', collect, [])
    .option('--group <name>', 'a group of the principal (repeatable)', collect, [])
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib why shop/orders publish shop.orders.created --policies ./policy'))
    .action(async (principal: string, action: 'publish' | 'subscribe', subject: string, options: QueryOptions) => {
      const { whyCommand } = await import('./query-commands.ts')
      finish(await whyCommand({ principal, action, subject, ...options }, output))
    })

  program
    .command('what-can')
    .description('list everything a principal may do, and the rule behind each entry')
    .argument('<principal>', 'ns/name, a SPIFFE ID, or https://issuer/subject')
    .addOption(policiesOption())
    .addOption(trustDomainOption())
    .option('--claim <path=value>', 'a claim of an end-user token (repeatable)', collect, [])
    .option('--group <name>', 'a group of the principal (repeatable)', collect, [])
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib what-can shop/dashboard --policies ./policy'))
    .action(async (principal: string, options: QueryOptions) => {
      const { whatCanCommand } = await import('./query-commands.ts')
      finish(await whatCanCommand({ principal, ...options }, output))
    })

  const keys = program.command('keys').description('make and show NATS keys (nkeys, xkeys)')
  keys
    .command('make')
    .description('make a key; the seed goes to a file, the public key to stdout')
    .argument('<kind>', 'account, xkey, user or operator')
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

  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (problem) {
    if (problem instanceof CommanderError) return problem.exitCode === 0 ? 0 : 2
    output.error(problem instanceof Error ? problem.message : String(problem))
    return 1
  }
}

interface QueryOptions {
  readonly policies: string[]
  readonly trustDomain: string
  readonly claim: string[]
  readonly group: string[]
  readonly queue?: string
  readonly json?: true
}

function example(...lines: string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value]
}

function policiesOption(): Option {
  return new Option('-p, --policies <folder>', 'folder of policy documents (repeatable)')
    .env('NIB_POLICIES')
    .makeOptionMandatory()
    .argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value])
}

function trustDomainOption(): Option {
  return new Option('--trust-domain <name>', 'trust domain that ns/name stands in').default('cluster.local')
}

function actionArgument(): Argument {
  return new Argument('<action>', 'publish or subscribe').choices(['publish', 'subscribe'])
}
