/** The files that say who asks a running bridge: read once, with limits; errors repeat nothing of them. */
import type { Problem } from '../answers/problem.ts'
import { readText } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { RemoteOptions } from './remote-options.ts'

const MAX_BYTES = 1_048_576

const FILES = {
  authTokenFile: ['token', '--auth-token-file'],
  cert: ['cert', '--cert'],
  key: ['key', '--key'],
  ca: ['ca', '--ca'],
  creds: ['creds', '--creds'],
  nkey: ['nkey', '--nkey'],
  passwordFile: ['password', '--password-file'],
} as const

type FileName = (typeof FILES)[keyof typeof FILES][0]

export type RemoteFiles = Readonly<Partial<Record<FileName, string>>>

export async function readRemoteFiles(options: RemoteOptions): Promise<Result<RemoteFiles, Problem>> {
  const texts: Partial<Record<FileName, string>> = {}
  for (const option of ['authTokenFile', 'cert', 'key', 'ca', 'creds', 'nkey', 'passwordFile'] as const) {
    const path = options[option]
    if (path === undefined) continue
    const [name, flag] = FILES[option]
    const read = await readText(path, MAX_BYTES)
    if (!read.ok) return err({ code: 'file-unreadable', message: `${flag} ${path} ${read.error}` })
    // Editors end files with a line break, which creds files need and headers refuse.
    texts[name] = name === 'creds' ? read.value.text : read.value.text.replace(/\r?\n$/, '')
  }
  const { token } = texts
  if (token === undefined || /^[\w~+/=.-]+$/.test(token)) return ok(texts)
  const message = `--auth-token-file ${options.authTokenFile} holds no token`
  return err({ code: 'token-malformed', message, hint: 'name a file that holds one JWT' })
}
