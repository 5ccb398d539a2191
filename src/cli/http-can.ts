/** `nib http can`: whether Istio's policies let a request through, without a cluster, and which rule says so. */
import {
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  ruleTruth,
  selectPolicies,
  type CompiledPolicies,
  type CompiledRule,
  type PolicyWorkload,
  type RequestAttributes,
  type RequestFacts,
  type RuleLoss,
  type RuleSet,
  type Transport,
  type Verdict,
} from '../istio/index.ts'
import type { Json } from '../lib/json.ts'
import { table } from '../lib/table.ts'
import { answerLines, BAD_REQUEST } from './http-can-batch.ts'
import {
  factsOf,
  workloadInWords,
  workloadOf,
  type FlagError,
  type RequestFlags,
  type WorkloadFlags,
} from './http-can-flags.ts'
import type { LineSetup } from './http-can-line.ts'
import { readAuthorizationPolicies, type LoadedPolicies, type PlacedPolicy } from '../compile/index.ts'
import { readPolicyTexts } from './load-snapshot.ts'
import type { Input } from './input.ts'
import { meshMistake } from './mesh.ts'
import type { Output, Stream } from './output.ts'

export interface HttpCanArguments extends RequestFlags, WorkloadFlags {
  readonly policies: readonly string[]
  readonly batch?: true
  readonly trustDomain?: string
  readonly alias: readonly string[]
  readonly rootNamespace?: string
  readonly transport: Transport
  readonly json?: true
}

export interface HttpCanContext {
  readonly output: Output
  readonly out: Stream
  readonly input: Input | undefined
}

/** @returns 0 when allowed, 1 when denied, 2 when the question or a policy is wrong. Of a batch 0, or 2 when a line was. */
export async function httpCan(question: HttpCanArguments, context: HttpCanContext): Promise<number> {
  const { output } = context
  const setup = setupOf(question)
  if ('error' in setup) return refuse(output, setup)
  const { policies: folders, batch } = question
  if (folders.length === 0 && batch === undefined) {
    return refuse(output, { error: 'no policies were given', hint: 'name their folder: --policies ./policy' })
  }
  if (batch === true && folders.includes('-')) {
    return refuse(output, { error: 'standard input holds the lines of --batch, and not the policies as well' })
  }
  const loaded = folders.length === 0 ? undefined : await loadPolicies(folders, context.input)
  output.diagnostics(loaded?.diagnostics ?? [])
  if (loaded !== undefined && loaded.policies === undefined) return 2
  const placed = loaded?.policies
  if (batch === true) {
    if (context.input === undefined) return refuse(output, { error: 'there is no standard input to read' })
    const policies = placed === undefined ? {} : { policies: placed.map(({ policy }) => policy) }
    return (await answerLines(context.input, context.out, { defaults: setup, ...policies })) ? 0 : 2
  }
  const facts = factsOf(question, setup.mesh)
  if ('error' in facts) return refuse(output, facts)
  const answer = answerOne(placed ?? [], setup, facts)
  const isUnnamed = question.namespace === undefined
  if (question.json === true) output.json(toJson(answer))
  else print(answer, isUnnamed, output)
  return answer.verdict.decision === 'allow' ? 0 : 1
}

async function loadPolicies(paths: readonly string[], input: Input | undefined): Promise<LoadedPolicies> {
  const texts = await readPolicyTexts(paths, input)
  return texts.ok ? readAuthorizationPolicies(texts.value) : { diagnostics: texts.error }
}

function setupOf(question: HttpCanArguments): LineSetup | FlagError {
  const { trustDomain = DEFAULT_MESH.trustDomain, alias } = question
  const wrong = meshMistake({ trustDomain, alias })
  if (wrong !== undefined) return { error: wrong }
  const workload = workloadOf(question)
  if ('error' in workload) return workload
  return {
    mesh: {
      trustDomain,
      trustDomainAliases: alias,
      rootNamespace: question.rootNamespace ?? DEFAULT_MESH.rootNamespace,
    },
    workload,
    transport: question.transport,
  }
}

interface SelectedPolicy extends PlacedPolicy {
  /** Positions of its rules that match the request. */
  readonly matching: readonly number[]
}

interface Answer {
  readonly verdict: Verdict
  readonly facts: RequestFacts
  /** As the policies see it; absent for a bad request. */
  readonly attributes?: RequestAttributes
  readonly selected: readonly SelectedPolicy[]
  readonly others: number
  readonly losses: readonly RuleLoss[]
  /** What would be decided if the dry-run policies were in force too. */
  readonly withDryRun?: Verdict
  readonly transport: Transport
  readonly workload: PolicyWorkload
}

function answerOne(placed: readonly PlacedPolicy[], setup: LineSetup, facts: RequestFacts): Answer {
  const { mesh, workload, transport } = setup
  const policies = placed.map(({ policy }) => policy)
  const chosen = new Set(selectPolicies(policies, workload, mesh))
  const compiled = compilePolicies([...chosen], { mesh, transport })
  const attributes = completeRequest(facts, transport)
  const matching =
    attributes === undefined ? [] : rulesOf(compiled).filter((rule) => ruleTruth(rule, attributes) === true)
  const selected = placed
    .filter(({ policy }) => chosen.has(policy))
    .map((one) => ({ ...one, matching: matching.filter((rule) => isOf(rule, one)).map(({ rule }) => rule) }))
  const verdict: Verdict =
    attributes === undefined ? { decision: 'deny', decidedBy: BAD_REQUEST } : evaluate(compiled.enforced, attributes)
  const hasDryRun = selected.some(({ policy }) => policy.dryRun)
  return {
    verdict,
    facts,
    ...(attributes === undefined ? {} : { attributes }),
    selected,
    others: placed.length - selected.length,
    losses: compiled.losses,
    ...(hasDryRun && attributes !== undefined ? { withDryRun: evaluate(together(compiled), attributes) } : {}),
    transport,
    workload,
  }
}

function rulesOf({ enforced, dryRun }: CompiledPolicies): readonly CompiledRule[] {
  return [enforced, dryRun].flatMap(({ custom, deny, audit, allow }) => [...custom, ...deny, ...audit, ...allow])
}

function isOf({ policy }: CompiledRule, { policy: { namespace, name } }: PlacedPolicy): boolean {
  return policy.namespace === namespace && policy.name === name
}

function together({ enforced, dryRun }: CompiledPolicies): RuleSet {
  return {
    custom: [...enforced.custom, ...dryRun.custom].toSorted(byName),
    deny: [...enforced.deny, ...dryRun.deny].toSorted(byName),
    audit: [],
    allow: [...enforced.allow, ...dryRun.allow].toSorted(byName),
    hasAllow: enforced.hasAllow || dryRun.hasAllow,
  }
}

function byName(a: CompiledRule, b: CompiledRule): number {
  return a.name < b.name ? -1 : 1
}

function toJson({ verdict, attributes, selected, losses, withDryRun, workload }: Answer): Json {
  return {
    ...verdict,
    workload: workloadJson(workload),
    ...(attributes === undefined || typeof attributes.path !== 'string' ? {} : { path: attributes.path }),
    selected: selected.map(({ policy, file, line, matching }) => ({
      action: policy.action,
      namespace: policy.namespace,
      name: policy.name,
      dryRun: policy.dryRun,
      matching,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    })),
    losses: losses.map(({ name, effect, lost }) => ({ rule: name, effect, lost })),
    ...(withDryRun === undefined ? {} : { withDryRun: { ...withDryRun } }),
  }
}

/** As a line of a batch has it. */
function workloadJson(workload: PolicyWorkload): Json {
  if (!('waypoint' in workload)) return { namespace: workload.namespace, labels: { ...workload.labels } }
  const { namespace, name, service } = workload.waypoint
  return {
    namespace,
    waypoint: { ...(name === undefined ? {} : { name }), ...(service === undefined ? {} : { service: service.name }) },
  }
}

const WORDS = {
  'no-allow-policy': 'no ALLOW policy selects the workload, so whatever is not denied is allowed',
  'no-allow-match': 'no rule of the ALLOW policies matches',
  [BAD_REQUEST]: 'Envoy answers 400: no policy is asked',
} as const

const ANOTHER = ': -n and -l name another'

/** @param isUnnamed nobody said which namespace is asked about. */
function print(answer: Answer, isUnnamed: boolean, output: Output): void {
  const { verdict, attributes, facts, selected, others, losses, withDryRun, workload } = answer
  const isAllowed = verdict.decision === 'allow'
  const word = output.paint(output.paint(verdict.decision, isAllowed ? 'good' : 'bad'), 'strong')
  output.line(`${word}  ${reasonOf(verdict, selected)}`)
  const path = attributes?.path
  if (typeof path === 'string' && facts.path !== undefined && facts.path !== path) {
    output.line(`path   ${path}  (policies compare the normalised path without query)`)
  }
  if (isUnnamed && selected.length > 0) output.line(`note   asked of ${workloadInWords(workload)}${ANOTHER}`)
  for (const { name, effect, lost } of losses) output.line(`note   ${name} ${LOSSES[effect]}: ${lost.join(', ')}`)
  if (withDryRun !== undefined && withDryRun.decision !== verdict.decision) {
    output.line(`note   with the dry-run policies in force: ${withDryRun.decision}, ${reasonOf(withDryRun, selected)}`)
  }
  output.line()
  const rows = selected.map(({ policy, matching, file, line }) => [
    `${policy.action}${policy.dryRun ? ' (dry-run)' : ''}`,
    `${policy.namespace}/${policy.name}`,
    matching.length === 0 ? '-' : matching.join(', '),
    placeOf(file, line),
  ])
  if (rows.length === 0) output.line(`no policy selects ${workloadInWords(workload)}${isUnnamed ? ANOTHER : ''}`)
  else for (const line of table(['action', 'policy', 'rules that match', 'written in'], rows)) output.line(line)
  if (others > 0) output.line(`${others} more ${others === 1 ? 'policy does' : 'policies do'} not select this workload`)
}

const LOSSES = {
  dropped: 'is dropped, as it has what cannot be asked here',
  wider: 'matches more than it says, without what cannot be asked here',
  always: 'matches everything, without what cannot be asked here',
} as const satisfies Record<RuleLoss['effect'], string>

function reasonOf({ decidedBy }: Verdict, selected: readonly SelectedPolicy[]): string {
  if (Object.hasOwn(WORDS, decidedBy)) return Object.entries(WORDS).find(([word]) => word === decidedBy)?.[1] ?? ''
  for (const { policy, file, ruleLines, matching } of selected) {
    for (const rule of matching) {
      if (decidedBy === `ns[${policy.namespace}]-policy[${policy.name}]-rule[${rule}]`)
        return `by ${decidedBy}  ${placeOf(file, ruleLines[rule])}`.trimEnd()
    }
  }
  return `by ${decidedBy}`
}

function placeOf(file: string | undefined, line: number | undefined): string {
  return [file, line].filter((part) => part !== undefined).join(':')
}

function refuse(output: Output, { error, hint }: FlagError): number {
  output.error(error, hint)
  return 2
}
