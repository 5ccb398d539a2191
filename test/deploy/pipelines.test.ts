/**
 * The gates of deploy/pipelines, line by line as a runner would run them: on the policy of the demo as it is, with a change that takes, with
 * one that gives, and with one that is broken.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { tempFolder } from '../support/temp-folder.ts'
import { buildCli, type BuiltCli } from './support/built-cli.ts'
import { DEPLOY } from './support/manifests.ts'

interface Step {
  readonly name: string
  readonly script: string
}

/** A gate: its steps, and what the surroundings of a run give them. */
interface Gate {
  readonly steps: readonly Step[]
  readonly env: (run: { readonly current: string; readonly accepted: boolean }) => Readonly<Record<string, string>>
}

function read(file: string): unknown {
  return parse(readFileSync(join(DEPLOY, 'pipelines', file), 'utf8'))
}

/** Parameters and workspaces filled in, as Tekton does before it starts a step. */
function tekton(): Gate {
  const { spec } = read('tekton-task.yaml') as {
    readonly spec: {
      readonly params: readonly { readonly name: string; readonly default: string }[]
      readonly stepTemplate: { readonly env: readonly { readonly name: string; readonly value: string }[] }
      readonly steps: readonly Step[]
    }
  }
  return {
    steps: spec.steps,
    env: ({ current, accepted }) => {
      const values = new Map(spec.params.map((param) => [`$(params.${param.name})`, param.default]))
      values.set('$(workspaces.current.path)', current)
      if (accepted) values.set('$(params.accept-widening)', 'true')
      return Object.fromEntries(spec.stepTemplate.env.map(({ name, value }) => [name, values.get(value) ?? 'unknown']))
    },
  }
}

function github(): Gate {
  const { jobs } = read('github-actions.yaml') as {
    readonly jobs: {
      readonly gate: {
        readonly env: Readonly<Record<string, string>>
        readonly steps: readonly { readonly name?: string; readonly run?: string }[]
      }
    }
  }
  const { env, steps } = jobs.gate
  return {
    steps: steps.flatMap(({ name = '', run }) => (run === undefined ? [] : [{ name, script: run }])),
    env: ({ current, accepted }) => ({
      ...env,
      CURRENT: current,
      ACCEPT_WIDENING: String(accepted),
      GITHUB_STEP_SUMMARY: join(current, 'summary.md'),
    }),
  }
}

const GATES = { 'the Tekton Task': tekton(), 'the GitHub workflow': github() } as const

let cli: BuiltCli | undefined

beforeAll(async () => {
  cli = await buildCli()
})
afterAll(() => cli?.remove())

interface Outcome {
  readonly step: string
  readonly code: number | null
  readonly said: string
}

/** @returns how each step ended, up to the first that failed. */
function run(gate: Gate, change: (policy: string) => void, accepted = false): readonly Outcome[] {
  const folder = tempFolder()
  const [candidate, current] = [folder.at('candidate'), folder.at('current')]
  for (const side of [candidate, current])
    cpSync(join(DEPLOY, 'demo/policy'), join(side, 'policy'), { recursive: true })
  cpSync(join(DEPLOY, 'pipelines/shop.test.yaml'), join(candidate, 'tests/shop.yaml'))
  change(join(candidate, 'policy'))
  const env = { PATH: `${cli?.bin}:/usr/bin:/bin`, ...gate.env({ current, accepted }) }
  const outcomes: Outcome[] = []
  for (const { name: step, script } of gate.steps) {
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync('/bin/sh', ['-c', script], { cwd: candidate, env, encoding: 'utf8' })
    outcomes.push({ step, code, said: `${stdout}${stderr}` })
    if (code !== 0) break
  }
  return outcomes
}

function edit(file: string, before: string, after: string): (policy: string) => void {
  return (policy) => {
    const path = join(policy, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(before)
    writeFileSync(path, text.replace(before, after))
  }
}

function codes(outcomes: readonly Outcome[]): (string | number | null)[][] {
  return outcomes.map(({ step, code }) => [step, code])
}

const PASSED = [
  ['lint', 0],
  ['test', 0],
  ['plan', 0],
]
const gives = edit('http.yaml', 'methods: [GET], paths: [/refunds]', 'methods: [GET, POST], paths: [/refunds]')

describe.each(Object.entries(GATES))('%s', (_name, gate) => {
  test('lets through what changes nothing', () => {
    const outcomes = run(gate, () => undefined)
    expect(codes(outcomes)).toEqual(PASSED)
    expect(outcomes.at(-1)?.said).toContain('no change')
  })

  test('lets through what only takes away, and says from whom', () => {
    const outcomes = run(
      gate,
      edit('dashboard.yaml', 'subscribe: [shop.orders.>, warehouse.>]', 'subscribe: [shop.orders.created]'),
    )
    expect(codes(outcomes)).toEqual(PASSED)
    expect(outcomes.at(-1)?.said).toMatch(/shop\/dashboard[\s\S]*1 loses/)
  })

  test('stops what gives something to somebody, and says to whom', () => {
    const outcomes = run(gate, gives)
    expect(codes(outcomes)).toEqual([...PASSED.slice(0, 2), ['plan', 2]])
    expect(outcomes.at(-1)?.said).toMatch(/shop\.payments\.refund[\s\S]*1 principal gains/)
  })

  test('lets the same through once it was accepted', () => {
    expect(codes(run(gate, gives, true))).toEqual(PASSED)
  })

  test('stops a broken document, whatever was accepted', () => {
    const breaks = edit('orders.yaml', 'shop.orders.created', 'shop..created')
    expect(codes(run(gate, breaks, true))).toEqual([['lint', 1]])
  })

  test('stops what a test forbids', () => {
    const outcomes = run(gate, edit('dashboard.yaml', 'action: DENY', 'action: ALLOW'))
    expect(outcomes.at(-1)).toMatchObject({ code: 1 })
  })

  test('stops when the policy as it is cannot be read, whatever was accepted', () => {
    const lost = {
      ...gate,
      env: () => ({ ...gate.env({ current: '/nowhere', accepted: true }), GITHUB_STEP_SUMMARY: '/dev/null' }),
    }
    expect(codes(run(lost, () => undefined)).at(-1)).toEqual(['plan', 1])
  })
})
