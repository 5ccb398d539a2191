/**
 * Sees to it that a child process does not outlive this one, however this one ends: on exit it is killed at once; a watchdog, a shell that
 * holds the other end of a pipe to us, kills it when we are gone without having had the time (SIGKILL, a crash).
 */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

export interface Ward {
  readonly pid: number
  /** Removed with the child. */
  readonly folder: string
}

/** A line means: all is well, the child has ended. The end of the pipe without one means: we are gone. */
const WATCH = 'read -r line || { kill -KILL "$1" 2>/dev/null; rm -rf -- "$2"; }'

const wards = new Set<Ward>()
let listening = false

/** @returns what to call once the child has ended. */
export function leaveNoOrphan(ward: Ward): () => void {
  if (!listening) process.on('exit', endAll)
  listening = true
  wards.add(ward)
  const watchdog = spawn('sh', ['-c', WATCH, 'sh', String(ward.pid), ward.folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C at a terminal reaches the whole group; the watchdog must not die of it.
    detached: true,
  })
  // Without a shell there is no watchdog; the exit listener is left.
  watchdog.on('error', () => undefined)
  watchdog.stdin.on('error', () => undefined)
  watchdog.unref()
  return () => {
    wards.delete(ward)
    watchdog.stdin.end('\n')
  }
}

function endAll(): void {
  for (const { pid, folder } of wards) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    rmSync(folder, { recursive: true, force: true })
  }
}
