/**
 * The bench: measures the bridge beside a bare responder and a textbook baseline in one run, and prints tables.
 * Asserts nothing; exit code 1 only when it could not measure.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option, InvalidArgumentError } from 'commander'
import { CELLS } from './cell.ts'
import { measureFloor } from './floor.ts'
import { clampClients, describeMachine, machineWarnings } from './machine.ts'
import { findNatsServer } from '../src/dev/nats-server/find-nats-server.ts'
import { renderReport, type Report } from './report.ts'
import { RESPONDERS } from './responders.ts'
import type { Run } from './run.ts'
import { measureAnswers } from './scenarios/answer.ts'
import { CLUSTER_SIZES, measureClusters } from './scenarios/cluster.ts'
import { COMPILE_SIZES, measureCompile } from './scenarios/compile.ts'
import { measureDecisions } from './scenarios/decision.ts'
import { measureHttp } from './scenarios/http.ts'
import { measureLogins } from './scenarios/logins.ts'
import { measurePlans, PLAN_SIZES } from './scenarios/plan.ts'
import { measureStorms } from './scenarios/storm.ts'
import { measureWhoCan, WHO_CAN_SIZES } from './scenarios/who-can.ts'
import { WEATHERS } from './weather.ts'
import { createWorld, TOKEN_ALGORITHMS, type TokenAlgorithm } from './world.ts'

const SCENARIOS = [
  'floor',
  'decision',
  'compile',
  'who-can',
  'plan',
  'cluster',
  'http',
  'answer',
  'logins',
  'storm',
] as const
type Scenario = (typeof SCENARIOS)[number]

interface Options {
  readonly quick?: true
  readonly json?: true
  readonly write?: true
  readonly date?: string
  readonly responder?: readonly string[]
  readonly cell?: readonly string[]
  readonly weather?: readonly string[]
  readonly rounds?: number
  readonly seconds?: number
  readonly clients: number
  readonly tokens: number
  readonly algorithm: TokenAlgorithm
}

const RESULTS_FILE = 'bench/RESULTS.md'

const program = new Command('bench')
  .description('Measures logins and reconnect storms on a real nats-server, beside a baseline.')
  .argument('[scenario...]', `of ${SCENARIOS.join(', ')}; all when none is named`)
  .option('--quick', 'one short round of each')
  .option('--json', 'print JSON instead of tables')
  .option('--write', `write the tables to ${RESULTS_FILE}`)
  .option('--date <day>', 'day of the run to print, YYYY-MM-DD (default: today)')
  .addOption(new Option('--responder <name...>', 'only these').choices(RESPONDERS.map(({ name }) => name)))
  .addOption(new Option('--cell <name...>', 'only these set-ups for logins').choices(CELLS.map(({ name }) => name)))
  .addOption(new Option('--weather <name...>', 'only these storms').choices(WEATHERS.map(({ name }) => name)))
  .option('--rounds <n>', 'rounds to take medians of (default: 3)', positive)
  .option('--seconds <n>', 'length of one measurement of logins (default: 4)', positive)
  .option('--clients <n>', 'clients in the storm', positive, 10_000)
  .option('--tokens <n>', 'distinct tokens', positive, 1000)
  .addOption(new Option('--algorithm <alg>', 'that tokens are signed with').choices(TOKEN_ALGORITHMS).default('RS256'))
  .action(main)

await program.parseAsync()

async function main(named: readonly string[], options: Options): Promise<void> {
  for (const name of named.filter((each) => !isScenario(each))) {
    program.error(`error: no scenario ${JSON.stringify(name)}; there are ${SCENARIOS.join(', ')}`, { exitCode: 2 })
  }
  const scenarios: readonly string[] = named.length === 0 ? SCENARIOS : named
  const folder = mkdtempSync(join(tmpdir(), 'nib-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  try {
    const report = await measure(scenarios, options, folder)
    const text = renderReport(report)
    process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : `\n${text}`)
    if (options.write) writeFileSync(RESULTS_FILE, `# Bench results\n\n${text}`)
  } catch (error) {
    program.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 1 })
  }
}

async function measure(scenarios: readonly string[], options: Options, folder: string): Promise<Report> {
  const server = await findNatsServer({ progress: say, compile: false })
  const machine = await describeMachine(server.version)
  const { clients, warnings } = clampClients(options.clients, machine)
  const world = await createWorld(options.tokens, options.algorithm)
  const tokensFile = join(folder, 'tokens.json')
  writeFileSync(tokensFile, JSON.stringify(world.tokens), { mode: 0o600 })
  const run: Run = {
    world,
    server: server.path,
    folder,
    tokensFile,
    clients,
    responders: RESPONDERS.filter(({ name }) => options.responder?.includes(name) ?? true),
    cells: CELLS.filter(({ name }) => options.cell?.includes(name) ?? true),
    weathers: WEATHERS.filter(({ name }) => options.weather?.includes(name) ?? true),
    rounds: options.rounds ?? (options.quick ? 1 : 3),
    seconds: options.seconds ?? (options.quick ? 1.5 : 4),
    warmUpSeconds: options.quick ? 1 : 2,
    stormRounds: options.quick ? 1 : (options.rounds ?? 3),
    say,
  }
  const has = (scenario: Scenario): boolean => scenarios.includes(scenario)
  return {
    date: options.date ?? new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
    machine,
    rounds: run.rounds,
    secondsPerRound: run.seconds,
    warnings: [...machineWarnings(machine), ...warnings],
    // Logins are judged by the floor: it is always measured with them.
    floor:
      has('floor') || has('answer') || has('logins')
        ? measureFloor(world, { rounds: options.quick ? 3 : 9, turnMs: options.quick ? 20 : 100 })
        : [],
    decisions: has('decision') ? await measureDecisions(run.rounds) : [],
    compiles: has('compile')
      ? await measureCompile(options.quick ? COMPILE_SIZES.slice(0, 1) : COMPILE_SIZES, run)
      : [],
    whoCan: has('who-can') ? await measureWhoCan(options.quick ? WHO_CAN_SIZES.slice(0, 1) : WHO_CAN_SIZES, run) : [],
    plans: has('plan') ? measurePlans(options.quick ? PLAN_SIZES.slice(0, 1) : PLAN_SIZES, run) : [],
    clusters: has('cluster')
      ? await measureClusters(options.quick ? CLUSTER_SIZES.slice(0, 1) : CLUSTER_SIZES, run)
      : [],
    http: has('http') ? await measureHttp(run) : [],
    answers: has('answer') ? await measureAnswers(run) : [],
    logins: has('logins') ? await measureLogins(run) : [],
    storms: has('storm') ? await measureStorms(run) : [],
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function isScenario(name: string): name is Scenario {
  return SCENARIOS.some((scenario) => scenario === name)
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('expected a number above 0')
  return value
}
