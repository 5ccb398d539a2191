/**
 * Gathers log lines and hands them on in large pieces. Two thirds of what a line cost at full load was the destination measuring
 * its whole buffer again for each line, and a turn of the thread pool for each few.
 */

export interface Batch {
  write(line: string): void
  /** Hands on what was gathered, now. */
  flush(): void
}

export interface BatchDeps {
  emit(text: string): void
  /** Calls back once after so many milliseconds. */
  after(milliseconds: number, callback: () => void): void
}

const FULL_CHARACTERS = 32 * 1024
/** How long a lone line may wait. */
const PATIENCE_MS = 200

export function createBatch({ emit, after }: BatchDeps): Batch {
  let lines: string[] = []
  let characters = 0
  let isTimed = false

  function flush(): void {
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    characters = 0
    emit(text)
  }

  return {
    flush,
    write(line) {
      lines.push(line)
      characters += line.length
      if (characters >= FULL_CHARACTERS) return flush()
      if (isTimed) return
      isTimed = true
      after(PATIENCE_MS, () => {
        isTimed = false
        flush()
      })
    },
  }
}
