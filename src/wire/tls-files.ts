/**
 * Certificate, key and roots of a connection to NATS, looked at before the first use. nats.js reads the files at each connect, passes over
 * roots that are none, and says nothing of which file it could not use.
 */
import { certificatesIn, readText, unfitPair } from '../files/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface NatsTlsFiles {
  readonly caFile?: string
  /** Together with {@link keyFile}. */
  readonly certFile?: string
  readonly keyFile?: string
}

const MAX_BYTES = 1_048_576

/** @param part field of the configuration, as messages name it. @returns what is wrong with the files. */
export async function tlsFileProblems(files: NatsTlsFiles, part: string): Promise<readonly Diagnostic[]> {
  const { caFile, certFile, keyFile } = files
  const problems: Diagnostic[] = []
  const report = (message: string, file: string): void => {
    const hint = 'give roots, a certificate with its chain, and its key, each as PEM; the last two of one pair'
    problems.push({ severity: 'error', code: 'nats-tls-unusable', message: `${part}${message}`, hint, file })
  }
  const read = async (name: string, file: string): Promise<string | undefined> => {
    const found = await readText(file, MAX_BYTES)
    if (found.ok) return found.value.text
    report(`.${name} ${found.error}`, file)
    return undefined
  }
  const roots = caFile === undefined ? undefined : await read('caFile', caFile)
  if (caFile !== undefined && roots !== undefined && certificatesIn(roots) === undefined)
    report('.caFile holds no certificates in PEM', caFile)
  if (certFile === undefined || keyFile === undefined) return problems
  const [cert, key] = [await read('certFile', certFile), await read('keyFile', keyFile)]
  if (cert === undefined || key === undefined) return problems
  const unfit = unfitPair({ cert, key })
  if (unfit !== undefined) report(`: certificate and key cannot be used: ${unfit}`, certFile)
  return problems
}
