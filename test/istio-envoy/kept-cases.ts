/** Cases with Envoy's answers in a file, one JSON object a line, to ask our evaluator again without an Envoy. */
import { readFile, writeFile } from 'node:fs/promises'
import type { EnvoyAnswer, PolicySet, Request } from './case.ts'
import { batchLine } from './evaluator.ts'
import type { AskedCase } from './prove.ts'

interface KeptLine {
  readonly asked: PolicySet & { readonly request: Request }
  readonly envoy: EnvoyAnswer
}

export async function keepCases(file: string, asked: readonly AskedCase[]): Promise<void> {
  const lines = asked.map((one) => `${JSON.stringify({ asked: batchLine(one), envoy: one.envoy })}\n`)
  await writeFile(file, lines.join(''))
}

export async function keptCases(file: string): Promise<AskedCase[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const { asked, envoy } = JSON.parse(line) as KeptLine
    const { request, ...set } = asked
    return { set, request, envoy }
  })
}
