/**
 * X.509 certificates with a SPIFFE ID as their only name, as a mesh issues them (RFC 5280; SPIFFE X509-SVID): one authority, one key.
 * Written in DER by hand, as no library of the project makes certificates, and as odd SPIFFE IDs must get in.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

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
  const issuer = sequence(set(sequence(COMMON_NAME, tag(0x0c, Buffer.from('mesh root')))))
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
  const validity = sequence(utcTime('200101000000Z'), utcTime('491231235959Z'))
  const publicKey = createPublicKey(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })))
  const version3 = tag(0xa0, integer(2))
  const toBeSigned = sequence(
    version3,
    integer(serial),
    algorithm,
    issuer,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...extensions)),
  )
  return sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, key)))
}

/** All of ours are critical: an empty subject wants that of the alternative name (RFC 5280, 4.2.1.6). */
function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, TRUE, tag(0x04, value))
}

function tag(type: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([type, length]), content])
  if (length < 0x100) return Buffer.concat([Buffer.from([type, 0x81, length]), content])
  return Buffer.concat([Buffer.from([type, 0x82, length >> 8, length & 0xff]), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tag(0x30, ...parts)
}

function set(...parts: readonly Buffer[]): Buffer {
  return tag(0x31, ...parts)
}

/** As short as can be, with a zero in front where the first bit would be a sign. */
function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return tag(0x02, bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]))
}

function utcTime(text: string): Buffer {
  return tag(0x17, Buffer.from(text))
}

function bitString(bytes: Buffer): Buffer {
  return tag(0x03, Buffer.from([0]), bytes)
}

function oid(hex: string): Buffer {
  return tag(0x06, Buffer.from(hex, 'hex'))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

const TRUE = Buffer.from([0x01, 0x01, 0xff])
const COMMON_NAME = oid('550403')
const BASIC_CONSTRAINTS = oid('551d13')
const KEY_USAGE = oid('551d0f')
const SUBJECT_ALTERNATIVE_NAME = oid('551d11')
const ECDSA_WITH_SHA256 = oid('2a8648ce3d040302')
const CERTIFICATE_SIGN = tag(0x03, Buffer.from([2, 0x04]))
