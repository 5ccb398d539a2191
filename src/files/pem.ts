/** Certificates and keys in PEM: whether they can be used for TLS at all, in words that repeat nothing of the files. */
import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** @returns what OpenSSL has against the pair. */
export function unfitPair(pair: Pick<SecureContextOptions, 'cert' | 'key'>): string | undefined {
  try {
    createSecureContext(pair)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error:[0-9A-F]+:/i, '') : 'unknown'
  }
}

/** Node.js passes over what it cannot read; then nobody's certificate would be believed, without a word. */
export function certificatesIn(text: string): string[] | undefined {
  const found = text.match(PEM) ?? []
  try {
    for (const pem of found) void new X509Certificate(pem)
  } catch {
    return undefined
  }
  return found.length === 0 ? undefined : found
}
