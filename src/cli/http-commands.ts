/** `nib http`: what a mesh's own policies say about HTTP requests. */
import { Option, type Command } from 'commander'
import type { HttpCanArguments } from './http-can.ts'
import { addClaimOptions, collect, example } from './options.ts'
import type { Stream } from './output.ts'
import type { CommandContext } from './policy-commands.ts'

const NOTES = `
The answer is the one of a sidecar that has these policies in force: selection, CUSTOM, DENY, ALLOW, path normalisation.
A CUSTOM policy that matches denies, because its provider cannot be asked. Dry-run policies are told and never decide.

With --batch, each line of standard input is one question and gets one line of answer, in order:
  {"policies":[...],"mesh":{"trustDomain":"cluster.local","trustDomainAliases":[],"rootNamespace":"istio-system"},
   "workload":{"namespace":"shop","labels":{"app":"orders"}},"transport":"http",
   "request":{"principal":"spiffe://...","sourceIp":"...","remoteIp":"...","destIp":"...","destPort":8080,"sni":"...",
              "method":"GET","path":"/raw?path","host":"orders","headers":[["name","value"]],"claims":{}}}
  {"decision":"allow","decidedBy":"ns[shop]-policy[orders]-rule[0]"}
All but the request may be left out; flags stand in. decidedBy is a rule's name, no-allow-match, no-allow-policy or
bad-request (Envoy answers 400). A line that cannot be answered, an empty one too, gets {"error":"...","line":n}, the others
go on.

Exit codes: 0 allow, 1 deny, 2 wrong usage or a policy that Istio would refuse; of a batch 0, or 2 when a line got no answer.
`

type Options = Omit<HttpCanArguments, 'policies'> & { readonly policies?: readonly string[] }

/** What a line of a batch says itself. */
const OF_ONE_REQUEST = [
  'method',
  'path',
  'host',
  'port',
  'principal',
  'header',
  'claim',
  'claims',
  'sourceIp',
  'remoteIp',
  'sni',
  'json',
]

function refuseBeside(command: Command): void {
  const stray = OF_ONE_REQUEST.find((name) => command.getOptionValueSource(name) === 'cli')
  if (stray === undefined) return
  const flag = command.options.find((option) => option.attributeName() === stray)?.long ?? stray
  command.error(`error: ${flag} is for one request, and with --batch each line brings its own`)
}

export function addHttpCommands(program: Command, { output, input, finish }: CommandContext, out: Stream): void {
  const http = program.command('http').description("ask a mesh's own AuthorizationPolicies about HTTP requests")
  addClaimOptions(http.command('can'))
    .description('say whether a request is let through, and by which rule; like kubectl auth can-i')
    .addOption(
      new Option('-p, --policies <path>', 'folder or file of AuthorizationPolicy documents, - for stdin (repeatable)')
        .env('NIB_POLICIES')
        .argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]),
    )
    .option('-n, --namespace <name>', 'namespace of the workload that is called (default: "default")')
    .option('-l, --labels <key=value,...>', 'its labels (repeatable)', collect, [])
    .option('--waypoint-for <service>', 'decide as the waypoint of this Service instead of as a sidecar')
    .option('--waypoint-name <name>', 'name of that waypoint\'s Gateway (default: "waypoint")')
    .option('--method <method>', 'method of the request', 'GET')
    .option('--path <path>', 'its path as sent, with the query', '/')
    .option('--host <host>', 'its Host, with the port if it is sent')
    .option('--port <port>', 'port of the workload')
    .option('--principal <id>', 'the caller: ns/name or a SPIFFE ID (spiffe:// may be left out); without it plain text')
    .option('--header <name=value>', 'a header of the request (repeatable)', collect, [])
    .option('--source-ip <address>', 'address of the peer')
    .option('--remote-ip <address>', 'address of the original client (default: from x-forwarded-for, else the peer)')
    .option('--sni <name>', 'server name of the TLS connection')
    .addOption(
      new Option('--transport <transport>', 'what the port is known to carry').choices(['http', 'tcp']).default('http'),
    )
    .option('--trust-domain <name>', 'trust domain of the mesh (default: "cluster.local")')
    .option('--alias <name>', 'another name of the trust domain (repeatable)', collect, [])
    .option('--root-namespace <name>', 'namespace whose policies rule the mesh (default: "istio-system")')
    .option('--batch', 'read questions as JSON lines from stdin')
    .option('--json', 'machine-readable output')
    .addHelpText(
      'after',
      NOTES +
        example(
          'nib http can -p ./policy -n shop -l app=orders --principal cluster.local/ns/shop/sa/cart --method POST --path /orders',
          'nib http can -p ./policy -n shop -l app=orders --claims \'{"iss":"https://idp.example","sub":"ann"}\' --json',
          'nib http can --batch < questions.jsonl > answers.jsonl',
        ),
    )
    .action(async ({ policies = [], ...options }: Options, command: Command) => {
      if (options.batch === true) refuseBeside(command)
      const { httpCan } = await import('./http-can.ts')
      finish(await httpCan({ policies, ...options }, { output, input, out }))
    })
}
