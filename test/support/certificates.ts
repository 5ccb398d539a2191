/**
 * X.509 certificates for tests of TLS (RFC 5280; SPIFFE X509-SVID), sound ones and odd ones: written in DER, as no library of the
 * project makes certificates.
 */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import {
  bitString,
  utcTime,
  integer,
  objectIdentifier,
  octetString,
  pem,
  sequence,
  set,
  tag,
  TRUE,
  utf8String,
} from '../../src/dev/kubernetes/der.ts'

/** PEM, both. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface CertificateTraits {
  readonly uris?: readonly string[]
  readonly dnsNames?: readonly string[]
  /** IPv4 in dotted form. */
  readonly addresses?: readonly string[]
  /** Milliseconds from now; default an hour back and an hour ahead. */
  readonly from?: number
  readonly until?: number
  readonly authority?: boolean
}

export interface TestAuthority {
  /** PEM */
  readonly cert: string
  issue(traits: CertificateTraits): Pair
}

const HOUR = 3_600_000

export function createTestAuthority(name = 'test root'): TestAuthority {
  const issuer = { name: distinguishedName(name), key: newKey() }
  return {
    cert: certificate({ authority: true, until: 24 * HOUR }, issuer.name, issuer.key, issuer),
    issue(traits) {
      const key = newKey()
      return { cert: certificate(traits, sequence(), key, issuer), key: pkcs8(key) }
    },
  }
}

interface Issuer {
  readonly name: Buffer
  readonly key: KeyObject
}

function certificate(traits: CertificateTraits, subject: Buffer, key: KeyObject, issuer: Issuer): string {
  const { uris = [], dnsNames = [], addresses = [], from = -HOUR, until = HOUR, authority = false } = traits
  const names = [
    ...uris.map((uri) => tag(0x86, Buffer.from(uri, 'latin1'))),
    ...dnsNames.map((name) => tag(0x82, Buffer.from(name, 'latin1'))),
    ...addresses.map((address) => tag(0x87, Buffer.from(address.split('.').map(Number)))),
  ]
  const extensions = [
    ...(authority ? [extension(BASIC_CONSTRAINTS, sequence(TRUE))] : []),
    ...(names.length === 0 ? [] : [extension(SUBJECT_ALTERNATIVE_NAME, sequence(...names))]),
  ]
  const now = Date.now()
  const toBeSigned = sequence(
    tag(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    sequence(ECDSA_WITH_SHA256),
    issuer.name,
    sequence(utcTime(new Date(now + from)), utcTime(new Date(now + until))),
    subject,
    createPublicKey({ key: pkcs8(key), format: 'pem' }).export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [tag(0xa3, sequence(...extensions))]),
  )
  const signature = bitString(sign('sha256', toBeSigned, issuer.key))
  return pem('CERTIFICATE', sequence(toBeSigned, sequence(ECDSA_WITH_SHA256), signature))
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

function distinguishedName(name: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, utf8String(name))))
}

/** All critical: an empty subject wants that of the alternative name (RFC 5280, 4.2.1.6). */
function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, TRUE, octetString(value))
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const COMMON_NAME = objectIdentifier('550403')
const SUBJECT_ALTERNATIVE_NAME = objectIdentifier('551d11')
const BASIC_CONSTRAINTS = objectIdentifier('551d13')
const ECDSA_WITH_SHA256 = objectIdentifier('2a8648ce3d040302')
