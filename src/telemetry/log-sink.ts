/**
 * Where log lines go: standard output, written by another thread. A log that cannot be written must not end the logins: while a disk is
 * full or a reader stands still, lines wait, up to a bound; those beyond it are lost, counted, and told of once lines get through again.
 */
import { destination } from 'pino'

export interface LogSink {
  /** @param text whole lines. */
  write(text: string): void
  /** Lines that were lost so far. */
  lost(): number
  /** Nothing more will come. What cannot be written is given up: the process shall end. */
  end(): void
}

/** @param note the line that tells of so many lost ones, in their place. @param longestBacklog bytes that may wait. */
export function openLogSink(note: (lost: number) => string, longestBacklog: number): LogSink {
  const stream = destination({ fd: 1, sync: false, maxLength: longestBacklog })
  let fails = false
  let isEnding = false
  let isGone = false
  let untold = 0
  let lost = 0

  const lose = (text: string): void => {
    const lines = text.split('\n').length - 1
    untold += lines
    lost += lines
  }
  // The library would write what is left at the exit of the process, again and again, until it can.
  const giveUp = (): void => {
    if (isGone) return
    isGone = true
    stream.destroy()
  }
  // Without a listener it would end the process. What failed is written again with the next lines.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    fails = true
    if (isEnding || error.code === 'EPIPE') giveUp()
  })
  stream.on('write', () => void (fails = false))
  stream.on('drop', lose)

  return {
    write(text) {
      if (isGone) return lose(text)
      if (untold === 0) return void stream.write(text)
      const told = untold
      const line = note(told)
      untold = 0
      stream.write(line + text)
      // Dropped with the rest: it is not one of the lines that were to be written.
      if (untold === 0) return
      untold += told - 1
      lost -= 1
    },
    lost: () => lost,
    end() {
      isEnding = true
      if (fails) giveUp()
    },
  }
}
