/** The keys and certificates of one cluster, written to its folder for their owner alone. */
import { generateKeyPair } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAuthority, type Authority } from './authority.ts'

export interface PkiFiles {
  readonly caFile: string
  readonly caKeyFile: string
  readonly serverCertFile: string
  readonly serverKeyFile: string
  readonly adminCertFile: string
  readonly adminKeyFile: string
  /** RSA, as most clusters sign the tokens of ServiceAccounts. */
  readonly saKeyFile: string
  readonly saPublicKeyFile: string
}

/** The group that RBAC does not hold back. */
export const ADMIN = { commonName: 'nib-admin', organizations: ['system:masters'] } as const

const SERVER_NAMES = {
  dnsNames: [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ],
  addresses: ['127.0.0.1', '10.0.0.1'],
}

export async function writePki(folder: string): Promise<{ readonly files: PkiFiles; readonly authority: Authority }> {
  const pki = join(folder, 'pki')
  await mkdir(pki, { mode: 0o700 })
  const authority = createAuthority()
  const server = authority.server('kube-apiserver', SERVER_NAMES)
  const admin = authority.client(ADMIN)
  const tokens = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(pki, name)
    await writeFile(file, text, { mode: 0o600 })
    return file
  }
  const [caFile, caKeyFile, serverCertFile, serverKeyFile, adminCertFile, adminKeyFile, saKeyFile, saPublicKeyFile] =
    await Promise.all([
      write('ca.crt', authority.certificate),
      write('ca.key', authority.key),
      write('apiserver.crt', server.certificate),
      write('apiserver.key', server.key),
      write('admin.crt', admin.certificate),
      write('admin.key', admin.key),
      write('sa.key', tokens.privateKey),
      write('sa.pub', tokens.publicKey),
    ])
  const files = {
    caFile,
    caKeyFile,
    serverCertFile,
    serverKeyFile,
    adminCertFile,
    adminKeyFile,
    saKeyFile,
    saPublicKeyFile,
  }
  return { files, authority }
}
