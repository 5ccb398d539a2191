/**
 * Certificate, key and client roots of the operator's door, read from files and taken up anew when they change. Refuses to open with a
 * pair that does not fit; once open, a broken file leaves the last good ones in use.
 */
import type { SecureContextOptions } from 'node:tls'
import { certificatesIn, readText, unfitPair, watchFiles, type Loaded, type WatchTiming } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface AdminTls {
  readonly certFile: string
  readonly keyFile: string
  /** With it, client certificates are asked for. */
  readonly clientCaFile?: string
}

export type TlsMaterial = Pick<SecureContextOptions, 'cert' | 'key' | 'ca'>

export interface TlsFiles {
  /** Of the newest good files. */
  current(): TlsMaterial
  /** Called with each change that is good. */
  onChange(use: (material: TlsMaterial) => void): void
  close(): void
}

export interface TlsFilesPorts {
  readonly log: (diagnostic: Diagnostic) => void
  readonly watching?: WatchTiming
}

const MAX_BYTES = 1_048_576

export async function openTlsFiles(
  settings: AdminTls,
  { log, watching }: TlsFilesPorts,
): Promise<Result<TlsFiles, readonly Diagnostic[]>> {
  const { certFile, keyFile, clientCaFile } = settings
  let good: { readonly material: TlsMaterial; readonly text: string } | undefined
  let problem: Diagnostic | undefined
  let use: ((material: TlsMaterial) => void) | undefined

  async function reload(): Promise<Loaded> {
    const next = await readMaterial(settings)
    if (!next.ok) {
      if (good !== undefined && next.error.message !== problem?.message) log(kept(next.error))
      problem = next.error
      return 'retry'
    }
    problem = undefined
    const text = JSON.stringify(next.value)
    if (text === good?.text) return 'done'
    if (good !== undefined) log(changed(certFile))
    good = { material: next.value, text }
    use?.(next.value)
    return 'done'
  }

  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  const watch = watchFiles({ ...watching, paths, load: reload })
  await watch.ready
  const first = good
  if (first === undefined) {
    watch.close()
    return err(problem === undefined ? [] : [problem])
  }
  return ok({
    current: () => (good ?? first).material,
    onChange: (next) => void (use = next),
    close: () => watch.close(),
  })
}

async function readMaterial({ certFile, keyFile, clientCaFile }: AdminTls): Promise<Result<TlsMaterial, Diagnostic>> {
  const [cert, key] = [await readText(certFile, MAX_BYTES), await readText(keyFile, MAX_BYTES)]
  if (!cert.ok) return err(mistake(`admin.tls.certFile ${cert.error}`, certFile))
  if (!key.ok) return err(mistake(`admin.tls.keyFile ${key.error}`, keyFile))
  const pair = { cert: cert.value.text, key: key.value.text }
  const unfit = unfitPair(pair)
  if (unfit !== undefined) return err(mistake(`admin.tls: certificate and key cannot be used: ${unfit}`, certFile))
  if (clientCaFile === undefined) return ok(pair)
  const ca = await readText(clientCaFile, MAX_BYTES)
  if (!ca.ok) return err(mistake(`admin.tls.clientCaFile ${ca.error}`, clientCaFile))
  const roots = certificatesIn(ca.value.text)
  if (roots === undefined) return err(mistake('admin.tls.clientCaFile holds no certificates in PEM', clientCaFile))
  return ok({ ...pair, ca: roots })
}

function mistake(message: string, file: string): Diagnostic {
  const hint = 'give a certificate with its chain, its key, and roots, each as PEM; both halves of one pair'
  return { severity: 'error', code: 'admin-tls-unusable', message, hint, file }
}

function kept(problem: Diagnostic): Diagnostic {
  return { ...problem, message: `${problem.message}; what was read before stays in use` }
}

function changed(file: string): Diagnostic {
  return {
    severity: 'info',
    code: 'admin-tls-changed',
    message: 'admin.tls changed; used from the next connection on',
    file,
  }
}
