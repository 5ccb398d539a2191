/**
 * Every metric and label of the bridge, in one place. Labels are codes and configured names: never subjects, principals or client bytes.
 * Names follow Prometheus: base units, `_total` for counters.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { QuestionRecord } from '../answers/outcome.ts'
import type { DecisionRecord } from '../audit/record.ts'
import { REFUSALS } from '../policy/refusal.ts'

/** Read at each scrape. */
export interface Gauges {
  pending(): number
  connectionsReady(): number
  connectionsConfigured(): number
  /** Seconds. */
  clockSkew(): number
  /** Log lines that could not be written since the start. */
  logLinesLost(): number
  /** Unix seconds of the last good compile, 0 before the first. */
  policyLoadedAt(): number
  /** 1 when the newest documents could not replace the snapshot in force. */
  policyStale(): number
  /** Of the newest documents, whatever is in force. */
  policyErrors(): number
  /** `folders` and `cluster`; Unix seconds of the last moment at which what is known was all there was, 0 before the first. */
  policySources(): readonly { readonly source: string; readonly asOf: number }[]
  /** Kinds followed in the cluster; none without one. */
  clusterResources(): readonly { readonly resource: string; readonly objects: number; readonly inStep: boolean }[]
  /** By configured name; `ageSeconds` is absent for inline keys and before the first reading. */
  issuerKeys(): readonly { readonly issuer: string; readonly usableKeys: number; readonly ageSeconds?: number }[]
}

export interface Metrics {
  decided(record: DecisionRecord): void
  /** Keys of ours were swapped while running. */
  keysChanged(): void
  /** Whether the verdict on a token was at hand. */
  verdictRecalled(outcome: 'hit' | 'miss'): void
  /** `ok`, or the code of what is wrong with the key source. */
  keysFetched(issuer: string, outcome: string): void
  keyUnknown(issuer: string): void
  questionAsked(record: QuestionRecord): void
  /** Once the parts that the gauges read are standing. */
  expose(gauges: Gauges): void
  readonly contentType: string
  render(): Promise<string>
}

const ANSWER_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30]
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5]

export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const count = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const decisions = count('nib_decisions_total', 'Login requests by how they ended: ALLOWED or a refusal code', [
    'code',
  ])
  // From the start, so that the rate of a code sees its first event too.
  for (const code of ['ALLOWED', ...Object.keys(REFUSALS)]) decisions.inc({ code }, 0)
  const verdicts = count('nib_token_verdicts_total', 'Tokens by whether their verdict was at hand', ['outcome'])
  const reads = count('nib_issuer_key_reads_total', 'Readings of issuer keys by their outcome', ['issuer', 'outcome'])
  const unknown = count('nib_issuer_unknown_keys_total', 'Tokens that name a key their issuer does not publish', [
    'issuer',
  ])
  const changes = count('nib_key_changes_total', 'Own keys swapped while running', [])
  const duration = new Histogram({
    name: 'nib_decision_duration_seconds',
    help: 'From the arrival of a login request to its answer or refusal',
    buckets: DURATION_BUCKETS,
    registers: [registry],
  })
  const questions = count('nib_questions_total', 'Questions by kind, by door (http, nats) and by how they ended', [
    'ask',
    'via',
    'outcome',
  ])
  const answering = new Histogram({
    name: 'nib_question_duration_seconds',
    help: 'From the arrival of a question to its answer or refusal',
    labelNames: ['ask'],
    buckets: ANSWER_BUCKETS,
    registers: [registry],
  })
  const info = new Gauge({ name: 'nib_build_info', help: 'Always 1', labelNames: ['version'], registers: [registry] })
  info.set({ version }, 1)
  // Counted in plain numbers and handed over at a scrape: the library hashes its labels at each increment.
  const byCode = new Map<string, number>()
  const recalled = { hit: 0, miss: 0 }
  const settle = (): void => {
    for (const [code, amount] of byCode) decisions.inc({ code }, amount)
    byCode.clear()
    for (const outcome of ['hit', 'miss'] as const) {
      verdicts.inc({ outcome }, recalled[outcome])
      recalled[outcome] = 0
    }
  }

  return {
    decided({ code, durationMs }) {
      byCode.set(code, (byCode.get(code) ?? 0) + 1)
      duration.observe(durationMs / 1000)
    },
    keysChanged: () => changes.inc(),
    verdictRecalled: (outcome) => void (recalled[outcome] += 1),
    keysFetched: (issuer, outcome) => reads.inc({ issuer, outcome }),
    keyUnknown: (issuer) => unknown.inc({ issuer }),
    questionAsked({ ask, via, outcome, durationMs }) {
      questions.inc({ ask, via, outcome })
      answering.observe({ ask }, durationMs / 1000)
    },
    expose: (gauges) => exposeGauges(registry, gauges),
    contentType: registry.contentType,
    render() {
      settle()
      return registry.metrics()
    },
  }
}

function exposeGauges(registry: Registry, gauges: Gauges): void {
  gauge(registry, 'nib_pending_requests', 'Login requests taken and not yet answered', gauges.pending)
  gauge(
    registry,
    'nib_service_connections_ready',
    'Service connections that are up and subscribed',
    gauges.connectionsReady,
  )
  gauge(registry, 'nib_service_connections', 'Service connections configured', gauges.connectionsConfigured)
  gauge(
    registry,
    'nib_server_clock_skew_seconds',
    'How far the server heard last is behind our clock',
    gauges.clockSkew,
  )
  gauge(
    registry,
    'nib_log_lines_lost',
    'Log lines, decision records among them, that could not be written since the start',
    gauges.logLinesLost,
  )
  gauge(registry, 'nib_policy_loaded_timestamp_seconds', 'When the policy in force was compiled', gauges.policyLoadedAt)
  gauge(
    registry,
    'nib_policy_stale',
    '1 when newer documents were rejected and the last good policy serves',
    gauges.policyStale,
  )
  gauge(
    registry,
    'nib_policy_errors',
    'Errors in the newest documents: each keeps the last good policy, or leaves out what its document grants',
    gauges.policyErrors,
  )
  const asOf: Gauge<'source'> = new Gauge({
    name: 'nib_policy_source_as_of_timestamp_seconds',
    help: 'The last moment at which what is known of a source of policy was all there was',
    labelNames: ['source'],
    registers: [registry],
    collect() {
      for (const { source, asOf: seconds } of gauges.policySources()) asOf.set({ source }, seconds)
    },
  })
  const objects: Gauge<'resource'> = new Gauge({
    name: 'nib_cluster_objects',
    help: 'Objects known of a kind that is followed in the cluster',
    labelNames: ['resource'],
    registers: [registry],
    collect() {
      for (const { resource, objects: known } of gauges.clusterResources()) objects.set({ resource }, known)
    },
  })
  const inStep: Gauge<'resource'> = new Gauge({
    name: 'nib_cluster_in_step',
    help: '1 while a kind is watched in the cluster or known to be absent; while any is 0, the policy of the cluster stays as it was',
    labelNames: ['resource'],
    registers: [registry],
    collect() {
      for (const { resource, inStep: holds } of gauges.clusterResources()) inStep.set({ resource }, holds ? 1 : 0)
    },
  })
  // Each gauge reads for itself: what another one's reading sets is shown a scrape late.
  const ages: Gauge<'issuer'> = new Gauge({
    name: 'nib_issuer_keys_age_seconds',
    help: 'Age of the key set that verifies tokens of an issuer',
    labelNames: ['issuer'],
    registers: [registry],
    collect() {
      for (const { issuer, ageSeconds } of gauges.issuerKeys())
        if (ageSeconds !== undefined) ages.set({ issuer }, ageSeconds)
    },
  })
  const usable: Gauge<'issuer'> = new Gauge({
    name: 'nib_issuer_keys_usable',
    help: 'Keys that tokens of an issuer can be verified with; 0 refuses them all',
    labelNames: ['issuer'],
    registers: [registry],
    collect() {
      for (const { issuer, usableKeys } of gauges.issuerKeys()) usable.set({ issuer }, usableKeys)
    },
  })
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  const made: Gauge = new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      made.set(read())
    },
  })
}
