/**
 * Options that say which running bridge is asked, and as whom. A flag goes before a variable of the environment; what contradicts or has no
 * meaning there is refused before anything is read.
 */
import { Option, type Command } from 'commander'

export interface RemoteOptions {
  /** URL of the bridge's HTTP door. */
  readonly bridge?: string
  /** URL of a NATS server. */
  readonly nats?: string
  readonly authTokenFile?: string
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly creds?: string
  readonly nkey?: string
  readonly user?: string
  readonly passwordFile?: string
  readonly natsPrefix?: string
  readonly inboxPrefix?: string
}

const GROUP = 'Ask a running bridge:'

export function addRemoteOptions(command: Command): Command {
  const options = [
    new Option('--bridge <url>', 'its HTTP door, in place of --policies').env('NIB_BRIDGE'),
    new Option('--nats <url>', 'a NATS server that carries its questions, in place of --policies').env('NIB_NATS_URL'),
    new Option('--auth-token-file <file>', 'ask as the holder of this token').env('NIB_TOKEN_FILE'),
    new Option('--cert <file>', 'ask as the workload of this certificate (PEM)'),
    new Option('--key <file>', 'its key (PEM)'),
    new Option('--ca <file>', 'roots that the server is checked against (PEM); default: the system’s'),
    new Option('--creds <file>', 'NATS: log in with this creds file'),
    new Option('--nkey <file>', 'NATS: log in with the seed in this file'),
    new Option('--user <name>', 'NATS: log in with this name and --password-file'),
    new Option('--password-file <file>', 'NATS: file with the password of --user'),
    new Option('--nats-prefix <subject>', 'NATS: what stands before the questions; default nib.audit'),
    new Option('--inbox-prefix <subject>', 'NATS: where answers may come; default _INBOX'),
  ]
  for (const option of options) command.addOption(option.helpGroup(GROUP))
  return command.hook('preAction', (_this, asked) => settleTarget(asked))
}

const TARGETS = ['policies', 'kubeconfig', 'bridge', 'nats']
const LOGINS = ['authTokenFile', 'creds', 'nkey', 'user']
/** What only the reading of policy files asks for; a running bridge has its configuration. */
const OFFLINE_ONLY = ['context', 'trustDomain', 'alias', 'rootNamespace', 'topology', 'groupsClaim']
const NATS_ONLY = ['creds', 'nkey', 'user', 'passwordFile', 'natsPrefix', 'inboxPrefix']
const REMOTE_ONLY = ['authTokenFile', 'cert', 'key', 'ca', ...NATS_ONLY]
const PAIRS = [
  ['cert', 'key'],
  ['user', 'passwordFile'],
]

function settleTarget(command: Command): void {
  preferTyped(command, TARGETS)
  preferTyped(command, LOGINS)
  const mistake = mistakeIn(command)
  if (mistake !== undefined) command.error(`error: ${mistake}`)
}

/** Of options that contradict each other, one that was typed goes before one of the environment. */
function preferTyped(command: Command, names: readonly string[]): void {
  if (!names.some((name) => isTyped(command, name))) return
  for (const name of names) if (!isTyped(command, name)) command.setOptionValue(name, undefined)
}

function mistakeIn(command: Command): string | undefined {
  const given = (names: readonly string[]): readonly string[] =>
    names.filter((name) => command.getOptionValue(name) !== undefined)
  const typed = (names: readonly string[]): readonly string[] =>
    names.filter((name) => isTyped(command, name)).slice(0, 1)
  const targets = given(TARGETS)
  const [target] = targets
  if (isContradiction(targets)) return `${flags(command, targets)} name different ones to ask, and one is asked`
  const isRemote = target === 'bridge' || target === 'nats'
  const stray = flags(command, typed(isRemote ? OFFLINE_ONLY : REMOTE_ONLY))
  if (stray !== '' && isRemote)
    return `${stray} is for policies that are read here: a running bridge goes by its own configuration`
  if (stray !== '') return `${stray} is for a running bridge: name it with --bridge or --nats`
  const overNats = target === 'bridge' ? flags(command, typed(NATS_ONLY)) : ''
  if (overNats !== '') return `${overNats} is for --nats, and --bridge is asked`
  const half = PAIRS.find((pair) => given(pair).length === 1)
  if (half !== undefined) return `${flags(command, half)} go together`
  const logins = given(LOGINS)
  return target === 'nats' && logins.length > 1
    ? `${flags(command, logins)} are different logins, and one is used`
    : undefined
}

/** Files and a cluster together are one policy. */
function isContradiction(targets: readonly string[]): boolean {
  return targets.length > 1 && !(targets.length === 2 && targets.includes('policies') && targets.includes('kubeconfig'))
}

function isTyped(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === 'cli'
}

function flags(command: Command, names: readonly string[]): string {
  const flagOf = (name: string): string =>
    command.options.find((option) => option.attributeName() === name)?.long ?? `--${name}`
  return names.map(flagOf).join(' and ')
}
