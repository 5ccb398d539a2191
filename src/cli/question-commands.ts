/** The commands that ask a policy: their words, options and examples. */
import { Option, type Command } from 'commander'
import type { Action } from '../policy/effective.ts'
import type {
  DriftArguments,
  PlanArguments,
  PrincipalArguments,
  ReviewArguments,
  WhoCanArguments,
  WhyArguments,
} from './answer-commands.ts'
import type { ExplainOptions } from './explain-command.ts'
import { actionArgument, addClaimOptions, addMeshOptions, example, groupOption, policiesOption } from './options.ts'
import type { CommandContext } from './policy-commands.ts'
import { addRemoteOptions } from './remote-options.ts'

const PRINCIPAL = 'ns/name, a SPIFFE ID, or https://issuer/subject'

export function addQuestionCommands(program: Command, { output, input, finish }: CommandContext): void {
  const context = { output, input }

  addTopology(askedOf(program.command('who-can')))
    .description('list everybody who may use the subjects of a pattern, and ways around it')
    .addArgument(actionArgument())
    .argument('<pattern>', 'a subject, or a pattern with wildcards')
    .option('-q, --queue <pattern>', 'subscribe as a member of these queue groups')
    .addOption(new Option('--csv', 'for a spreadsheet').conflicts('json'))
    .addHelpText(
      'after',
      example(
        'nib who-can publish shop.payments.refund --policies ./policy',
        "nib who-can subscribe 'shop.orders.>' -p ./policy --csv",
        "nib who-can subscribe 'shop.orders.*' -q workers -p ./policy --topology topology.json",
      ),
    )
    .action(async (action: Action, pattern: string, options: Omit<WhoCanArguments, 'action' | 'pattern'>) => {
      const { whoCanCommand } = await import('./answer-commands.ts')
      finish(await whoCanCommand({ ...options, action, pattern }, context))
    })

  askedOf(addTokenOptions(addEndUserOptions(program.command('what-can'))))
    .description('list everything a principal may do, and the rule behind each entry')
    .argument('[principal]', `${PRINCIPAL}; left out with --token-file`)
    .addHelpText(
      'after',
      WHAT_CAN_CODES +
        example(
          'nib what-can shop/dashboard --policies ./policy',
          'nib what-can spiffe://cluster.local/ns/shop/sa/orders -p ./policy --json',
          'nib what-can https://login.example/anna --group support -p ./policy',
          'nib what-can --token-file token.jwt -p ./policy',
        ),
    )
    .action(async (principal: string | undefined, options: PrincipalArguments) => {
      const { whatCanCommand } = await import('./answer-commands.ts')
      finish(await whatCanCommand({ ...options, ...(principal === undefined ? {} : { principal }) }, context))
    })

  askedOf(addEndUserOptions(program.command('why')))
    .description('say whether a principal may use a subject, and which rules say so')
    .argument('<principal>', PRINCIPAL)
    .addArgument(actionArgument())
    .argument('<subject>', 'a subject; to subscribe, wildcards may stand in it')
    .option('-q, --queue <name>', 'subscribe as a member of this queue group')
    .addHelpText('after', WHY_CODES + example('nib why shop/orders publish shop.orders.created --policies ./policy'))
    .action(async (principal: string, action: Action, subject: string, options: Omit<WhyArguments, 'principal'>) => {
      const { whyCommand } = await import('./answer-commands.ts')
      finish(await whyCommand({ ...options, principal, action, subject }, context))
    })

  program
    .command('explain')
    .description('say what the code of a refused login means, who can mend it, and how')
    .argument('[code]', 'as in the log of nats-server, in a record or in a metric (default: list all)')
    .argument('[decision-id]', 'what stands behind it in the log; it may be left out')
    .option('--json', 'machine-readable output')
    .addHelpText('after', example('nib explain TOKEN_AUDIENCE'))
    .action(async (code: string | undefined, _decisionId: string | undefined, options: ExplainOptions) => {
      const { explainCommand } = await import('./explain-command.ts')
      finish(explainCommand(code, options, output))
    })

  askedOf(program.command('review'))
    .description('write the access review of an account: everybody in it, what they may do, and by which rule')
    .argument('<account>', 'the NATS account')
    .option('--date <text>', 'the day of the review, as it shall stand in it (default: today)')
    .addOption(new Option('--csv', 'for a spreadsheet').conflicts('json'))
    .addHelpText(
      'after',
      example('nib review SHOP --policies ./policy > review.md', 'nib review SHOP -p ./policy --csv'),
    )
    .action(async (account: string, options: Omit<ReviewArguments, 'account'>) => {
      const { reviewCommand } = await import('./answer-commands.ts')
      finish(await reviewCommand({ ...options, account }, context))
    })

  askedOf(program.command('plan'))
    .description('say what other documents would change: who gains, who loses, and by which rule')
    .argument('<folder>', 'the candidate: a folder or file of policy documents, - for stdin')
    .addOption(
      new Option('--fail-on <what>', 'end with 2 when anything changes, or only when somebody gains')
        .choices(['change', 'widen'])
        .default('change'),
    )
    .addHelpText(
      'after',
      PLAN_CODES +
        example(
          'nib plan ./candidate --policies ./policy',
          'nib plan ./candidate -p ./policy --fail-on widen --json',
          'nib plan ./candidate --kubeconfig ~/.kube/config',
          'helm template ./chart | nib plan - -p ./policy',
        ),
    )
    .action(async (candidate: string, options: Omit<PlanArguments, 'candidate'>) => {
      const { planCommand } = await import('./answer-commands.ts')
      finish(await planCommand({ ...options, candidate }, context))
    })

  addTopology(askedOf(program.command('drift')))
    .description('say where HTTP rights and NATS rights of the same service differ, and why')
    .addHelpText(
      'after',
      DRIFT_CODES + example('nib drift --policies ./policy', 'nib drift -p ./policy -p ./istio --json'),
    )
    .action(async (options: DriftArguments) => {
      const { driftCommand } = await import('./answer-commands.ts')
      finish(await driftCommand(options, context))
    })
}

const WHY_CODES = '\nExit codes: 0 allowed, 1 denied, 2 no answer.\n'
const WHAT_CAN_CODES = '\nExit codes: 0 it can log in, 1 it cannot, 2 no answer.\n'
const PLAN_CODES =
  '\nExit codes: 0 nothing changes, 2 something does, 1 no answer (as terraform plan -detailed-exitcode).\n'
const DRIFT_CODES = '\nExit codes: 0 no differences, 1 differences, 2 no answer.\n'

function addTopology(command: Command): Command {
  return command.option('--topology <file>', 'what is known of streams, imports and exports, as JSON')
}

function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'the objects of a cluster are policy, beside --policies or alone')
    .option('--context <name>', 'its context (default: the current one)')
}

/** Of whom to ask, and in which form to answer. */
function askedOf(command: Command): Command {
  return addRemoteOptions(
    addMeshOptions(addClusterOptions(command.addOption(policiesOption().makeOptionMandatory(false)))).option(
      '--json',
      'machine-readable output',
    ),
  )
}

function addEndUserOptions(command: Command): Command {
  return addClaimOptions(command).addOption(groupOption())
}

function addTokenOptions(command: Command): Command {
  return command
    .option('--token-file <file>', 'in place of the principal: who this token names; of files decoded, not verified')
    .addOption(new Option('--groups-claim <path>', 'the claim of that token that holds the groups').default('groups'))
}
