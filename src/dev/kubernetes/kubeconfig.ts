/** The text of a kubeconfig with one cluster, one user and one context (kubernetes.io, "Organizing Cluster Access"). Pure. */
import { stringify } from 'yaml'

export interface Kubeconfig {
  readonly url: string
  /** PEM */
  readonly authority: string
  readonly user: ClientCertificate | TokenFile | Token
  readonly namespace?: string
}

/** PEM, both. */
interface ClientCertificate {
  readonly certificate: string
  readonly key: string
}

interface TokenFile {
  readonly tokenFile: string
}

interface Token {
  readonly token: string
}

const NAME = 'nib'

export function kubeconfigText({ url, authority, user, namespace }: Kubeconfig): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server: url, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: NAME, user: credentials(user) }],
    contexts: [
      { name: NAME, context: { cluster: NAME, user: NAME, ...(namespace === undefined ? {} : { namespace }) } },
    ],
    'current-context': NAME,
  })
}

function credentials(user: Kubeconfig['user']): Readonly<Record<string, string>> {
  if ('token' in user) return { token: user.token }
  if ('tokenFile' in user) return { tokenFile: user.tokenFile }
  return { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
