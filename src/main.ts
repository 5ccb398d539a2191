#!/usr/bin/env node
/** The `nib` command: hands argv to the commands and their exit code to the shell. */
import { runCommand } from './cli/program.ts'

/** As a shell says it of a process that SIGPIPE ended. */
const PIPE_CLOSED = 141
const GRACE_MS = 1000

/**
 * `nib … | head` closes the pipe early: that is the reader's right, and the answer stays what it is, so its exit code does too.
 * A command that goes on without end (`--batch`, `serve`) has nobody to go on for.
 */
function onStreamError(problem: NodeJS.ErrnoException): void {
  if (problem.code !== 'EPIPE') process.exit(1)
  setTimeout(() => process.exit(process.exitCode ?? PIPE_CLOSED), GRACE_MS).unref()
}

process.stdout.on('error', onStreamError)
process.stderr.on('error', onStreamError)

process.exitCode = await runCommand(process.argv.slice(2), {
  out: process.stdout,
  problems: process.stderr,
  input: () => process.stdin,
  env: process.env,
})
