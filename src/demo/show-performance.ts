/** The whole demo as a person reads it, and as a machine does. Pure but for the paint. */
import type { Output } from '../dev/output.ts'
import type { Attempt } from './attempt.ts'
import type { Performance } from './perform.ts'
import { createRows } from './show.ts'

export interface Staging {
  readonly serverVersion: string
  readonly mode: 'config' | 'operator'
  readonly sealed: boolean
  /** Of the API server that the policy was applied to; absent: it is read from files. */
  readonly kubernetes?: string
  /** As a reader finds it. */
  readonly policy: string
  readonly seconds: number
}

export function showPerformance(
  { groups, attempts, edit }: Performance,
  staging: Staging,
  paint: Output['paint'],
  stays: boolean,
): readonly string[] {
  const { serverVersion, mode, sealed, policy, kubernetes } = staging
  const all = [...attempts, ...edit.attemptsAfter]
  const rows = createRows(all, paint)
  return [
    '',
    paint('A small shop on NATS. Who gets in, what may they do, and does the server agree?', 'strong'),
    '',
    `Real nats-server ${serverVersion}, ${mode} mode, requests ${sealed ? 'sealed with an xkey' : 'in the clear'}.`,
    ...(kubernetes === undefined
      ? []
      : [`Real kube-apiserver ${kubernetes}: it holds the policy and issues the workloads' tokens.`]),
    `Each line was asked of the policy first (${policy}), then tried by a`,
    'real client. The server and the policy must agree.',
    '',
    rows.header,
    ...rows.grouped(attempts, groups),
    paint('A refused client hears "Authorization Violation" and no more; the code and the', 'dim'),
    paint("decision id are in the bridge's record, in the server's log and in its events.", 'dim'),
    '',
    `${paint('The policy changes', 'strong')}  ${paint(kubernetes === undefined ? `an edit of ${edit.file}, while everything runs` : `kubectl apply -f ${edit.file}, while everything runs`, 'dim')}`,
    `   before  ${paint(edit.before, 'bad')}`,
    `   after   ${paint(edit.after, 'good')}`,
    ` In force ${Math.round(edit.inForceAfterMs)} ms after the file was saved: ${short(edit.snapshotBefore)} → ${short(edit.snapshotAfter)}.`,
    ' anna before the edit, and after it when she has connected again:',
    ...rows.of([edit.attemptBefore, ...edit.attemptsAfter]),
    '',
    summary(all, staging.seconds, paint),
    ...(stays ? [''] : ['', ...nextSteps(policy, paint)]),
  ]
}

function summary(attempts: readonly Attempt[], seconds: number, paint: Output['paint']): string {
  const wrong = attempts.filter(({ agrees }) => !agrees).length
  const time = paint(`(${seconds.toFixed(1)} s)`, 'dim')
  if (wrong === 0)
    return `${paint(`✓ All ${attempts.length} lines agree: the server did what the policy said.`, 'good')} ${time}`
  return `${paint(`✗ ${wrong} of ${attempts.length} lines disagree: see the lines marked ✗.`, 'bad')} ${time}`
}

function nextSteps(policy: string, paint: Output['paint']): readonly string[] {
  return [
    paint('Next', 'strong'),
    `  npm run nib -- why shop/web publish shop.orders.created -p ${policy}`,
    `  npm run nib -- what-can shop/orders -p ${policy}`,
    '  npm run demo -- --stay     keeps it running and says how to connect',
  ]
}

export function toJson({ attempts, edit }: Performance, staging: Staging): object {
  const all = [...attempts, ...edit.attemptsAfter]
  const agreeing = all.filter(({ agrees }) => agrees).length
  const seconds = Number(staging.seconds.toFixed(3))
  return { ...staging, seconds, lines: all.length, agreeing, attempts, edit }
}

function short(snapshotId: string): string {
  return snapshotId.slice(0, 8)
}
