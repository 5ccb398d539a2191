/** The command that writes down what roundabout ways depend on: its words, options and examples. */
import type { Command } from 'commander'
import { collect, example } from './options.ts'
import type { CommandContext } from './policy-commands.ts'
import type { TopologyArguments } from './topology-command.ts'

export function addTopologyCommands(program: Command, { output, finish }: CommandContext): void {
  program
    .command('topology')
    .description('write down the streams, imports and exports of an account, for nib who-can --topology')
    .requiredOption(
      '-a, --account <name[=key]>',
      'the account, as policies call it; =key: its public key, in operator mode',
    )
    .requiredOption('--nats <url>', 'a NATS server')
    .option('--creds <file>', 'log in to the account with this creds file')
    .option('--nkey <file>', 'log in with the seed in this file')
    .option('--user <name>', 'log in with this name and --password-file')
    .option('--password-file <file>', 'file with the password of --user')
    .option('--inbox-prefix <subject>', 'where answers may come; default _INBOX')
    .option('--system-creds <file>', 'creds of a user of the system account: without one, imports are not known')
    .option('--system-user <name>', 'the same with a name and --system-password-file')
    .option('--system-password-file <file>', 'file with the password of --system-user')
    .option('--account-jwt <file>', 'the JWT of the account, in place of a user of the system account')
    .option('--name <name=key>', 'what policies call another account, in operator mode (repeatable)', collect, [])
    .option('--into <file>', 'a topology whose other accounts are kept')
    .option('--cert <file>', 'connect with this certificate (PEM)')
    .option('--key <file>', 'its key (PEM)')
    .option('--ca <file>', 'roots that the server is checked against (PEM); default: the system’s')
    .addHelpText(
      'after',
      example(
        'nib topology --account SHOP --nats nats://localhost:4222 --creds shop.creds > topology.json',
        'nib topology -a SHOP --nats nats://localhost:4222 --creds shop.creds --system-creds sys.creds',
      ),
    )
    .action(async (options: TopologyArguments) => {
      const { topologyCommand } = await import('./topology-command.ts')
      finish(await topologyCommand(options, output))
    })
}
