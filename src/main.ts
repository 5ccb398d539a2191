#!/usr/bin/env node
/** The `nib` command: hands argv to the commands and their exit code to the shell. */
import { runCommand } from './cli/program.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  out: process.stdout,
  problems: process.stderr,
  env: process.env,
})
