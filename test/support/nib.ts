/** A command as a person types it, run in this process. */
import { runCommand } from '../../src/cli/program.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly problems: string
}

export interface Surroundings {
  /** What is piped into standard input. */
  readonly input?: string
  /** Both outputs are terminals. */
  readonly isTTY?: boolean
}

export async function nib(argv: readonly string[], { input, isTTY = false }: Surroundings = {}): Promise<Ran> {
  let out = ''
  let problems = ''
  let left = input ?? ''
  // As with a pipe: what was read is gone.
  async function* read(): AsyncGenerator<string> {
    yield left
    left = ''
  }
  const exitCode = await runCommand(argv, {
    out: { isTTY, write: (text) => (out += text) },
    problems: { isTTY, write: (text) => (problems += text) },
    env: {},
    ...(input === undefined ? {} : { input: read }),
  })
  return { exitCode, out, problems }
}
