/** Sound configurations to bend, and diagnostics as a person reads them. */
import type { Diagnostic } from '../../src/policy/diagnostic.ts'

export function spell(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map(({ severity, code, message, hint, line, column }) => {
      const place = line === undefined ? 'file' : `${line}:${column}`
      return `${place} ${severity} ${code}: ${message}\n${hint === undefined ? '' : `    hint: ${hint}\n`}`
    })
    .join('')
}

export const CONFIG_MODE = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: BridgeConfig
nats:
  servers: [nats://nats.nats.svc:4222]
  credentials:
    user: bridge
    passwordFile: secrets/password
callout:
  mode: config
  account: AUTH
  issuer:
    - seedFile: secrets/issuer.nk
accounts:
  - name: SHOP
identity:
  issuers:
    - name: cluster
      kind: kubernetes
      issuer: https://kubernetes.default.svc
      audiences: [nats]
      keys:
        discovery: true
policy:
  folders: [policy]
`
