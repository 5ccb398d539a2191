/** A machine of its own: a PATH with nothing on it but what a test puts there, and a cache folder. */
import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync } from 'node:fs'
import type { Environment } from '../../../src/dev/nats-server/tool.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

export interface FakeMachine {
  readonly folder: TempFolder
  readonly env: Environment
  /** Puts a shell script on the PATH. Programs that it calls need their whole path. */
  tool(name: string, script: string): string
  /** Puts programs of this machine on the PATH. */
  borrow(...names: string[]): void
  /** Puts a script that answers as nats-server of this version wherever one is asked for. */
  natsServer(version: string, path: string): string
}

export function fakeMachine(): FakeMachine {
  const folder = tempFolder()
  const script = (path: string, text: string): string => {
    const file = folder.write(path, `#!/bin/sh\n${text}\n`)
    chmodSync(file, 0o755)
    return file
  }
  folder.write('bin/.keep', '')
  return {
    folder,
    env: { PATH: folder.at('bin'), NIB_CACHE: folder.at('cache'), HOME: folder.path },
    tool: (name, text) => script(`bin/${name}`, text),
    borrow(...names) {
      for (const name of names) {
        const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
        symlinkSync(path, folder.at(`bin/${name}`))
      }
    },
    natsServer: (version, path) => script(path, natsServerScript(version)),
  }
}

export function natsServerScript(version: string): string {
  return `echo 'nats-server: v${version}'`
}
