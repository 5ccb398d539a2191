/** Asks our own evaluator, by the door that everybody has: JSON lines through `nib http can --batch`. */
import { spawn } from 'node:child_process'
import type { Case } from './case.ts'

/** A line that is no decision is kept as text, to be shown. */
export type OurAnswer = { readonly decision: string; readonly decidedBy: string } | { readonly said: string }

/** @param main path of the compiled `main.js`. @returns an answer for each case, in order. */
export async function askEvaluator(main: string, cases: readonly Case[]): Promise<OurAnswer[]> {
  const child = spawn(process.execPath, [main, 'http', 'can', '--batch'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let problems = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (problems += chunk))
  child.stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  for (const line of cases) {
    if (!child.stdin.write(`${JSON.stringify(batchLine(line))}\n`)) {
      await Promise.race([new Promise((resolve) => child.stdin.once('drain', resolve)), ended])
    }
  }
  child.stdin.end()
  await ended
  const lines = out.split('\n').filter((line) => line !== '')
  if (lines.length !== cases.length)
    throw new Error(`the evaluator gave ${lines.length} of ${cases.length} answers: ${problems.slice(-500)}`)
  return lines.map(answerIn)
}

export function batchLine({ set: { policies, mesh, workload, transport }, request }: Case): object {
  return { policies, mesh, workload, transport, request }
}

function answerIn(line: string): OurAnswer {
  const answer = JSON.parse(line) as Partial<Record<'decision' | 'decidedBy', string>>
  const { decision, decidedBy } = answer
  return decision === undefined || decidedBy === undefined ? { said: line } : { decision, decidedBy }
}
