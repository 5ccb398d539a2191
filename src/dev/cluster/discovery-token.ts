/** The token that the bridge reads the API server's keys with: discovery is for ServiceAccounts alone. */
import { join } from 'node:path'
import type { RunningKubernetes } from '../kubernetes/index.ts'
import { keepTokenFiles } from '../token-files.ts'
import type { ServiceAccountName } from './roster.ts'

const TOKEN_SECONDS = 3600

/** @returns the file, kept fresh until stopped. */
export async function keepDiscoveryToken(
  kubernetes: RunningKubernetes,
  { namespace, name }: ServiceAccountName,
): Promise<{ readonly path: string; stop(): void }> {
  const path = join(kubernetes.folder, 'discovery.token')
  const mint = (): Promise<string> => kubernetes.tokenFor(namespace, name, [], { expirationSeconds: TOKEN_SECONDS })
  const { stop } = await keepTokenFiles([{ path, mint }], TOKEN_SECONDS)
  return { path, stop }
}
