/** What was started is stopped in the opposite order, each part even when another fails to stop or hangs. */
import { within } from './deadline.ts'

export interface Cleanup {
  add(name: string, stop: () => Promise<void> | void): void
  /** @throws AggregateError after all were tried. A second call does nothing. */
  run(): Promise<void>
}

const LIMIT_MS = 10_000

export function createCleanup(limitMs = LIMIT_MS): Cleanup {
  const parts: { readonly name: string; readonly stop: () => Promise<void> | void }[] = []
  return {
    add: (name, stop) => void parts.push({ name, stop }),
    async run() {
      const problems: Error[] = []
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        try {
          await within(Promise.resolve(part.stop()), limitMs, `the end of ${part.name}`)
        } catch (cause) {
          problems.push(new Error(`${part.name} did not stop`, { cause }))
        }
      }
      if (problems.length > 0) throw new AggregateError(problems, problems.map(({ message }) => message).join('; '))
    },
  }
}
