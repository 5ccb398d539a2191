/** Arguments and options that several commands take, and how help shows examples. */
import { Argument, Option, type Command } from 'commander'

export function example(...lines: string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}

export function collect(value: string, previous: string[]): string[] {
  return [...previous, value]
}

export function policiesOption(): Option {
  return new Option('-p, --policies <folder>', 'folder or file of policy documents, - for stdin (repeatable)')
    .env('NIB_POLICIES')
    .makeOptionMandatory()
    .argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value])
}

export function addClaimOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--claim <path=value>', 'a claim of an end-user token; a dot goes into an object (repeatable)')
        .argParser(collect)
        .default([]),
    )
    .option('--claims <json>', 'all claims of an end-user token as JSON, whatever their names')
}

export function groupOption(): Option {
  return new Option('--group <name>', 'a group of an end user (repeatable)').argParser(collect).default([])
}

/** What every command that compiles must know of the mesh. */
export interface MeshOptions {
  /** That `ns/name` stands in. */
  readonly trustDomain: string
  /** Other names of the trust domain. */
  readonly alias: readonly string[]
  /** Of Istio. */
  readonly rootNamespace: string
  /** Where a bridge's configuration says them. */
  readonly accounts?: BridgeAccounts
}

export interface BridgeAccounts {
  /** That clients may be placed in. */
  readonly listed: readonly string[]
  /** That no policy may name. */
  readonly forbidden: readonly string[]
}

export function addMeshOptions(command: Command): Command {
  return command
    .addOption(new Option('--trust-domain <name>', 'trust domain that ns/name stands in').default('cluster.local'))
    .addOption(
      new Option('--alias <name>', 'another name of the trust domain (repeatable)').argParser(collect).default([]),
    )
    .addOption(
      new Option('--root-namespace <name>', 'namespace whose AuthorizationPolicies rule the mesh').default(
        'istio-system',
      ),
    )
}

/** For commands that compile what a bridge shall read. */
export function bridgeConfigOption(): Option {
  return new Option('-c, --config <file>', 'bridge.yaml, whose mesh and accounts the policy is for').conflicts([
    'trustDomain',
    'alias',
    'rootNamespace',
  ])
}

export function actionArgument(): Argument {
  return new Argument('<action>', 'publish or subscribe').choices(['publish', 'subscribe'])
}
