/**
 * The commands of `nib` and their words. Each command's code is loaded when it is called, so that help is instant.
 * Exit codes: 0 done, 1 could not be done, 2 wrong usage or wrong documents.
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import type { DemoOptions, DevOptions } from './dev-commands.ts'
import { createOutput, type Stream } from './output.ts'
import type { ServerConfigOptions } from './server-config-command.ts'
import { packageVersion } from './version.ts'

export interface Terminal {
  readonly out: Stream
  readonly problems: Stream
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
    .showHelpAfterError('(nib --help lists the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => void terminal.problems.write(text.replace(/^error: /, 'nib: error: ')),
    })

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
    .option('--jetstream <folder>', 'enable JetStream with this store')
    .option('--tls-cert <file>', 'certificate of the server')
    .option('--tls-key <file>', 'its private key')
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
    .option('--port <port>', 'port of nats-server; -1 for a free one', Number.parseInt)
    .option('--fetch-only', 'get nats-server into the cache, then exit')
    .addHelpText('after', example('nib dev --policies ./policy'))
    .action(async (options: DevOptions) => {
      const { devCommand } = await import('./dev-commands.ts')
      finish(await devCommand(options, output))
    })

  program
    .command('demo')
    .description('show the bridge at work on a small shop; ends with 0 when policy and server agree on every line')
    .option('--stay', 'go on running afterwards')
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
