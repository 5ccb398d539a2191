#!/usr/bin/env node
/** The `nib` command: hands argv to the commands and their exit code to the shell. */
import { runCommand } from './cli/program.ts'

// `nib … | head` closes the pipe early: that is the reader's right, not a fault.
process.stdout.on('error', (problem: NodeJS.ErrnoException) => process.exit(problem.code === 'EPIPE' ? 0 : 1))

process.exitCode = await runCommand(process.argv.slice(2), {
  out: process.stdout,
  problems: process.stderr,
  input: () => process.stdin,
  env: process.env,
})
