/** Arguments and options that several commands take, and how help shows examples. */
import { Argument, Option } from 'commander'

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

export function claimOption(): Option {
  return new Option('--claim <path=value>', 'a claim of an end-user token (repeatable)').argParser(collect).default([])
}

export function groupOption(): Option {
  return new Option('--group <name>', 'a group of an end user (repeatable)').argParser(collect).default([])
}

export function trustDomainOption(): Option {
  return new Option('--trust-domain <name>', 'trust domain that ns/name stands in').default('cluster.local')
}

/** What a mesh with AuthorizationPolicies needs besides. */
export function aliasOption(): Option {
  return new Option('--alias <name>', 'another name of the trust domain (repeatable)').argParser(collect).default([])
}

export function rootNamespaceOption(): Option {
  return new Option('--root-namespace <name>', 'namespace whose AuthorizationPolicies rule the mesh').default(
    'istio-system',
  )
}

export function actionArgument(): Argument {
  return new Argument('<action>', 'publish or subscribe').choices(['publish', 'subscribe'])
}
