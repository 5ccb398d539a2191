/**
 * X.509 certificates with a SPIFFE ID as their only name, as a mesh issues them (RFC 5280; SPIFFE X509-SVID): one authority, one key.
 * Written in DER, as no library of the project makes certificates, and as odd SPIFFE IDs must get in.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  bitString,
  integer,
  objectIdentifier,
  octetString,
  pem,
  sequence,
  set,
  tag,
  TRUE,
  utcTime,
  utf8String,
} from '../../src/dev/kubernetes/der.ts'

export interface Authority {
  /** PEM */
  readonly certificate: string
  /** PEM; the key of every certificate of this authority. */
  readonly key: string
  /** @returns PEM. @param spiffeId the URI of its subject alternative name. */
  certificateFor(spiffeId: string): string
}

export function createAuthority(): Authority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = sequence(set(sequence(COMMON_NAME, utf8String('mesh root'))))
  const cached = new Map<string, string>()
  let serial = 1
  const make = (subject: Buffer, extensions: readonly Buffer[]): string =>
    pem('CERTIFICATE', signed(privateKey, serial++, issuer, subject, extensions))
  return {
    certificate: make(issuer, [extension(BASIC_CONSTRAINTS, sequence(TRUE)), extension(KEY_USAGE, CERTIFICATE_SIGN)]),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateFor(spiffeId) {
      const known = cached.get(spiffeId)
      if (known !== undefined) return known
      const uri = tag(0x86, Buffer.from(spiffeId, 'latin1'))
      const made = make(sequence(), [extension(SUBJECT_ALTERNATIVE_NAME, sequence(uri))])
      cached.set(spiffeId, made)
      return made
    },
  }
}

function signed(
  key: KeyObject,
  serial: number,
  issuer: Buffer,
  subject: Buffer,
  extensions: readonly Buffer[],
): Buffer {
  const algorithm = sequence(ECDSA_WITH_SHA256)
  const validity = sequence(utcTime(new Date('2020-01-01T00:00:00Z')), utcTime(new Date('2049-12-31T23:59:59Z')))
  const publicKey = createPublicKey(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })))
  const version3 = tag(0xa0, integer(Buffer.from([2])))
  const toBeSigned = sequence(
    version3,
    integer(serialNumber(serial)),
    algorithm,
    issuer,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...extensions)),
  )
  return sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, key)))
}

/** A byte in front keeps it positive. */
function serialNumber(count: number): Buffer {
  const bytes = Buffer.from([0x40, 0, 0, 0, 0])
  bytes.writeUInt32BE(count, 1)
  return bytes
}

/** All of ours are critical: an empty subject wants that of the alternative name (RFC 5280, 4.2.1.6). */
function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, TRUE, octetString(value))
}

const COMMON_NAME = objectIdentifier('550403')
const BASIC_CONSTRAINTS = objectIdentifier('551d13')
const KEY_USAGE = objectIdentifier('551d0f')
const SUBJECT_ALTERNATIVE_NAME = objectIdentifier('551d11')
const ECDSA_WITH_SHA256 = objectIdentifier('2a8648ce3d040302')
const CERTIFICATE_SIGN = bitString(Buffer.from([0x04]), 2)
