/** What a run saw, as tables for people. Pure. */
import { floorOf, judge, type Rows } from './aims.ts'
import { CELLS } from './cell.ts'
import { FLOOR_STEPS, type FloorRow } from './floor.ts'
import { OTHER_WORK_LIMIT, type Machine } from './machine.ts'
import { RESPONDERS } from './responders.ts'
import type { StormRow } from './scenarios/storm.ts'
import { formatNumber, formatRatio, renderTable, type Table } from './table.ts'

export interface Report extends Rows {
  /** Day of the run. */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  readonly rounds: number
  readonly secondsPerRound: number
  readonly warnings: readonly string[]
}

export function renderReport(report: Report): string {
  const tables = [
    floorTable(report),
    decisionTable(report),
    compileTable(report),
    whoCanTable(report),
    planTable(report),
    clusterTable(report),
    httpTable(report),
    answerTable(report),
    loginsTable(report),
    stormTable(report),
    aimsTable(report),
  ]
  const warnings = report.warnings.length === 0 ? [] : [...report.warnings, '']
  return [
    ...describeRun(report),
    '',
    ...warnings,
    ...tables.filter(({ rows }) => rows.length > 0).map(renderTable),
  ].join('\n')
}

function describeRun({ machine, ...report }: Report): readonly string[] {
  return [
    `- date: ${report.date}`,
    `- command: \`${report.command}\``,
    `- machine: ${machine.cpus} x ${machine.cpu}, ${formatNumber(machine.memoryGb)} GB, ${machine.system}; load average before the run ${machine.loadAverage.toFixed(2)}`,
    `- parts: node ${machine.node}, OpenSSL ${machine.openssl}, nats-server ${machine.natsServer}`,
    `- responders: ${RESPONDERS.map(({ name, title }) => `${name} = ${title}`).join('; ')}`,
    `- logins: medians of ${report.rounds} interleaved rounds of ${report.secondsPerRound} s`,
  ]
}

function floorTable({ floor }: Report): Table {
  const line = (name: string, pick: (row: FloorRow) => number, digits: number): readonly string[] => [
    name,
    ...floor.map((row) => formatNumber(pick(row), digits)),
  ]
  return {
    title: 'Floor: the bare crypto calls of one login, CPU µs',
    columns: ['call', ...floor.map(({ size }) => size)],
    rows:
      floor.length === 0
        ? []
        : [
            ...FLOOR_STEPS.map((step) => line(step, ({ steps }) => steps[step], 1)),
            line('one login, plain', ({ plain }) => plain, 1),
            line('one login, sealed', ({ sealed }) => sealed, 1),
            line('request, bytes', ({ requestBytes }) => requestBytes, 0),
            line('response, bytes', ({ responseBytes }) => responseBytes, 0),
          ],
    notes: ['Small is 5 + 5 subjects, large 200 + 200. Sealed adds open and seal with the shared key at hand.'],
  }
}

function decisionTable({ decisions }: Report): Table {
  return {
    title: 'The pure decision',
    columns: ['principal', 'size', 'documents', 'decisions/s', 'CPU µs', 'p50 µs', 'p99 µs'],
    rows: decisions.map((row) => [
      row.principal,
      row.size,
      formatNumber(row.documents),
      formatNumber(row.callsPerSecond),
      formatNumber(row.cpuUs, 2),
      formatNumber(row.p50Us, 2),
      formatNumber(row.p99Us, 2),
    ]),
    notes: ['"new": met for the first time since the policy changed. "known" is timed by the hundred.'],
  }
}

function compileTable({ compiles }: Report): Table {
  return {
    title: 'Documents to a snapshot, and the decisions under it',
    columns: [
      'principals',
      'policies',
      'YAML MB',
      'compile ms',
      'one edit ms',
      'first p50 µs',
      'first p99 µs',
      'again µs',
      'heap MB',
    ],
    rows: compiles.map((row) => [
      formatNumber(row.principals),
      formatNumber(row.policies),
      formatNumber(row.megabytes, 1),
      formatNumber(row.compileMs),
      formatNumber(row.changeMs),
      formatNumber(row.first.p50Us),
      formatNumber(row.first.p99Us),
      formatNumber(row.again.p50Us, 2),
      formatNumber(row.heapMb),
    ]),
    notes: [
      '"one edit": one document changed, everything compiled again by a compiler that has read the others. "first": decision for a principal not seen under this snapshot.',
      '"heap": documents, compiler, snapshot and the decisions of all principals, after a full collection.',
    ],
  }
}

function whoCanTable({ whoCan }: Report): Table {
  return {
    title: 'Who can: questions asked of a policy',
    columns: [
      'principals',
      'policies',
      'first ms',
      'new p50 µs',
      'new p99 µs',
      'again p50 µs',
      'again p99 µs',
      'holders',
      'everybody ms',
      'heap MB',
    ],
    rows: whoCan.map((row) => [
      formatNumber(row.principals),
      formatNumber(row.policies),
      formatNumber(row.firstMs),
      formatNumber(row.fresh.p50Us),
      formatNumber(row.fresh.p99Us),
      formatNumber(row.again.p50Us),
      formatNumber(row.again.p99Us),
      formatNumber(row.holders, 1),
      formatNumber(row.everybodyMs),
      formatNumber(row.heapMb),
    ]),
    notes: [
      '"first": the first question of a snapshot, which makes the index. "new": asked for the first time, principals are decided about. "holders": lines of an ordinary answer.',
      '"everybody": a subject that all principals may subscribe to. "heap": the index, and all decisions, after a full collection.',
    ],
  }
}

function planTable({ plans }: Report): Table {
  return {
    title: 'Plan: one changed document, compiled and compared with what is in force',
    columns: ['principals', 'policies', 'edit of', 'compile ms', 'first ms', 'again ms', 'plan ms', 'changes'],
    rows: plans.map((row) => [
      formatNumber(row.principals),
      formatNumber(row.policies),
      row.edit,
      formatNumber(row.compileMs),
      formatNumber(row.firstMs),
      formatNumber(row.againMs),
      formatNumber(row.planMs),
      formatNumber(row.changes),
    ]),
    notes: [
      '"first": compared with a snapshot that nothing was compared with before; "again": with another edit. "plan": compile and first.',
      '"changes": principals and patterns of principals whose rights differ; the account map moves everybody to another account.',
    ],
  }
}

function clusterTable({ clusters }: Report): Table {
  return {
    title: 'Policy from a real Kubernetes API',
    columns: [
      'ServiceAccounts',
      'policies',
      'start ms',
      'answered p50 ms',
      'served p50 ms',
      'served p99 ms',
      'heap MB',
    ],
    rows: clusters.map((row) => [
      formatNumber(row.serviceAccounts),
      formatNumber(row.policies),
      formatNumber(row.startMs),
      formatNumber(row.answeredP50Ms, 1),
      formatNumber(row.p50Ms),
      formatNumber(row.p99Ms),
      formatNumber(row.heapMb, 1),
    ]),
    notes: [
      '"start": from nothing to the first snapshot, all lists read and compiled. "served": from the sending of a change of one policy to the snapshot that holds it; "answered": of that, what the API server takes to accept it.',
      '50 ms of it are waited on purpose, so that changes which come together are compiled together. "heap": all watched objects, after a full collection.',
    ],
  }
}

function httpTable({ http }: Report): Table {
  return {
    title: 'Istio policies asked about HTTP requests',
    columns: ['what', 'requests', 'requests/s'],
    rows: http.map(({ what, requests, perSecond }) => [what, formatNumber(requests), formatNumber(perSecond)]),
    notes: ['Three policies select the workload. The batch is a process: start, JSON in and out, and end are in it.'],
  }
}

function answerTable({ answers, floor }: Report): Table {
  return {
    title: 'One login without a network: open, verify, decide, sign, seal',
    columns: [
      'cell',
      'responder',
      'tokens',
      'logins/s',
      'CPU µs',
      'p50 µs',
      'p99 µs',
      'failed',
      'of floor',
      'baseline CPU',
    ],
    rows: CELLS.flatMap(({ name }) => answers.filter(({ cell }) => cell === name)).map((row) => {
      const baseline = answers.find(
        ({ responder, cell, tokens }) => responder === 'baseline' && cell === row.cell && tokens === row.tokens,
      )
      return [
        row.cell,
        row.responder,
        row.tokens,
        formatNumber(row.callsPerSecond),
        formatNumber(row.cpuUs),
        formatNumber(row.p50Us),
        formatNumber(row.p99Us),
        formatNumber(row.failures),
        formatRatio(row.cpuUs / (floorOf(row.cell, floor) ?? Number.NaN)),
        formatRatio(baseline && baseline.cpuUs / row.cpuUs),
      ]
    }),
    notes: ['"tokens": known ones were verified before, new ones are met for the first time. One login at a time.'],
  }
}

function loginsTable({ logins, floor }: Report): Table {
  const disturbed = Math.max(0, ...logins.map(({ foreignShare }) => foreignShare))
  const rows = CELLS.flatMap(({ name }) => logins.filter(({ cell }) => cell === name))
  return {
    title: 'Whole logins',
    columns: [
      'cell',
      'responder',
      'in flight',
      'logins/s',
      'p50 ms',
      'p99 ms',
      'failed',
      'responder µs',
      'server µs',
      'floor µs',
      'of floor',
      'of floor alone',
      'of server',
      'baseline CPU',
      'baseline rate',
      'RSS MB',
    ],
    rows: rows.map((row) => {
      const baseline = logins.find(({ responder, cell }) => responder === 'baseline' && cell === row.cell)
      return [
        row.cell,
        row.responder,
        formatNumber(row.inFlight),
        formatNumber(row.loginsPerSecond),
        formatNumber(row.p50Ms, 1),
        formatNumber(row.p99Ms, 1),
        formatNumber(row.failures),
        formatNumber(row.responderUs),
        formatNumber(row.serverUs),
        formatNumber(row.floorUs),
        formatRatio(row.ofFloor),
        formatRatio(row.responderUs / (floorOf(row.cell, floor) ?? Number.NaN)),
        formatRatio(row.ofServer),
        formatRatio(baseline && baseline.responderUs / row.responderUs),
        formatRatio(baseline && row.loginsPerSecond / baseline.loginsPerSecond),
        formatNumber(row.residentMb),
      ]
    }),
    notes: [
      '"µs" is CPU (user + system) per login. "of server": in units of nats-server\'s own.',
      '"-new": each login with a token of its own, which the responder has not met, as after their hourly rotation. Else with one of those it knows.',
      '"floor µs": the bare crypto calls of one login, taken in the same seconds, beside the same load; "of floor alone": held against the floor table above, taken on an idle machine. Ratios are medians of the rounds\' own.',
      '"baseline CPU" and "baseline rate": how many times fewer CPU µs, and how many times more logins/s, than the baseline of this run.',
      ...(disturbed > OTHER_WORK_LIMIT
        ? [`Warning: other work took up to ${formatNumber(disturbed * 100)} % of the machine during a round.`]
        : []),
    ],
  }
}

function stormTable({ storms }: Report): Table {
  return {
    title: 'Storm: all clients reconnect at once',
    columns: [
      'weather',
      'responder',
      'clients',
      'first attempt',
      'back',
      'lost',
      'away',
      'attempts',
      'all back s',
      'p50 s',
      'p99 s',
      'responder µs',
      'server µs',
      'busy share',
      'peak MB',
      'server peak MB',
    ],
    rows: storms.map((row: StormRow) =>
      [
        row.weather,
        row.responder,
        formatNumber(row.clients),
        formatNumber(row.firstAttempt),
        formatNumber(row.back),
        formatNumber(row.lost),
        formatNumber(row.away),
        formatNumber(row.attempts),
        formatNumber(row.allBackMs / 1000, 1),
        formatNumber(row.p50Ms / 1000, 1),
        formatNumber(row.p99Ms / 1000, 1),
        formatNumber(row.responderUs),
        formatNumber(row.serverUs),
        row.busyShareTaken > 0 ? `${formatNumber(row.busyShareTaken * 100)} %` : undefined,
        formatNumber(row.responderPeakMb),
        formatNumber(row.serverPeakMb),
      ].map((cell) => cell ?? '–'),
    ),
    notes: [
      "Weather: nats-server's authorization timeout; clients allow 2 s (with 5 s: 6 s) for dial and handshake, then wait 2 s + up to 100 ms. One-thread: nats-server runs with GOMAXPROCS=1 and GOGC=400.",
      '"lost": closed for good after two authorization errors, as stock clients do. "away": still trying after two minutes. µs per client that came back. Of several rounds the worst is shown.',
    ],
  }
}

function aimsTable(report: Report): Table {
  const aims = judge(report)
  return {
    title: 'Aims',
    columns: ['aim', 'wanted', 'seen', 'met'],
    rows: aims.map(({ aim, wanted, seen, met }) => [aim, wanted, seen, met ? 'yes' : 'no']),
    notes: [],
  }
}
