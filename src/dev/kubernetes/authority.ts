/**
 * A certificate authority for one cluster on this machine: server certificates for loopback, client certificates in which Kubernetes
 * reads the user (common name) and groups (organizations). RFC 5280; P-256. No library of the project makes certificates.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
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
} from './der.ts'

/** PEM, both. */
export interface Credential {
  readonly certificate: string
  readonly key: string
}

export interface ServerNames {
  readonly dnsNames: readonly string[]
  /** IPv4 in dotted form. */
  readonly addresses: readonly string[]
}

export interface Subject {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

export interface Authority extends Credential {
  server(commonName: string, names: ServerNames): Credential
  client(subject: Subject): Credential
}

export const AUTHORITY_NAME = 'nib-kubernetes'
/** Clocks of one machine agree; a day back is for those who set them. */
const BACKDATED_MS = 24 * 3600_000
const VALID_MS = 365 * 24 * 3600_000

export function createAuthority(): Authority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = distinguishedName({ commonName: AUTHORITY_NAME })
  const extensions = [
    extension(BASIC_CONSTRAINTS, sequence(TRUE), true),
    extension(KEY_USAGE, KEY_CERT_SIGN, true),
    extension(SUBJECT_KEY_IDENTIFIER, octetString(OWN_IDENTIFIER)),
  ]
  const certificate = signed({ subject: name, key: privateKey, issuerKey: privateKey, extensions })
  return openAuthority({ certificate, key: pkcs8(privateKey) })
}

/** @param credential what {@link createAuthority} made. */
export function openAuthority(credential: Credential): Authority {
  const issuerKey = createPrivateKey(credential.key)
  const issue = (subject: Subject, extensions: readonly Buffer[]): Credential => {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const all = [...extensions, extension(AUTHORITY_KEY_IDENTIFIER, sequence(tag(0x80, OWN_IDENTIFIER)))]
    return {
      certificate: signed({ subject: distinguishedName(subject), key, issuerKey, extensions: all }),
      key: pkcs8(key),
    }
  }
  return {
    ...credential,
    server: (commonName, { dnsNames, addresses }) =>
      issue({ commonName }, [
        extension(KEY_USAGE, DIGITAL_SIGNATURE, true),
        extension(EXTENDED_KEY_USAGE, sequence(SERVER_AUTH, CLIENT_AUTH)),
        extension(
          SUBJECT_ALTERNATIVE_NAME,
          sequence(
            ...dnsNames.map((name) => tag(0x82, Buffer.from(name, 'latin1'))),
            ...addresses.map((address) => tag(0x87, Buffer.from(address.split('.').map(Number)))),
          ),
        ),
      ]),
    client: (subject) =>
      issue(subject, [
        extension(KEY_USAGE, DIGITAL_SIGNATURE, true),
        extension(EXTENDED_KEY_USAGE, sequence(CLIENT_AUTH)),
      ]),
  }
}

interface Certificate {
  readonly subject: Buffer
  readonly key: KeyObject
  readonly issuerKey: KeyObject
  readonly extensions: readonly Buffer[]
}

function signed({ subject, key, issuerKey, extensions }: Certificate): string {
  const algorithm = sequence(ECDSA_WITH_SHA256)
  const version3 = tag(0xa0, integer(Buffer.from([2])))
  // The first byte keeps the number positive and its encoding as short as can be.
  const serial = integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)]))
  const now = Date.now()
  const toBeSigned = sequence(
    version3,
    serial,
    algorithm,
    distinguishedName({ commonName: AUTHORITY_NAME }),
    sequence(utcTime(new Date(now - BACKDATED_MS)), utcTime(new Date(now + VALID_MS))),
    subject,
    createPublicKey({ key: pkcs8(key), format: 'pem' }).export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...extensions)),
  )
  const signature = bitString(sign('sha256', toBeSigned, issuerKey))
  return pem('CERTIFICATE', sequence(toBeSigned, algorithm, signature))
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  return sequence(...organizations.map((name) => attribute(ORGANIZATION, name)), attribute(COMMON_NAME, commonName))
}

function attribute(type: Buffer, value: string): Buffer {
  return set(sequence(type, utf8String(value)))
}

function extension(id: Buffer, value: Buffer, isCritical = false): Buffer {
  return sequence(id, ...(isCritical ? [TRUE] : []), octetString(value))
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** There is one authority in a cluster of ours, so its key needs no digest to be told by. */
const OWN_IDENTIFIER = Buffer.from(AUTHORITY_NAME, 'latin1')
const COMMON_NAME = objectIdentifier('550403')
const ORGANIZATION = objectIdentifier('55040a')
const SUBJECT_KEY_IDENTIFIER = objectIdentifier('551d0e')
const KEY_USAGE = objectIdentifier('551d0f')
const SUBJECT_ALTERNATIVE_NAME = objectIdentifier('551d11')
const BASIC_CONSTRAINTS = objectIdentifier('551d13')
const AUTHORITY_KEY_IDENTIFIER = objectIdentifier('551d23')
const EXTENDED_KEY_USAGE = objectIdentifier('551d25')
const SERVER_AUTH = objectIdentifier('2b06010505070301')
const CLIENT_AUTH = objectIdentifier('2b06010505070302')
const ECDSA_WITH_SHA256 = objectIdentifier('2a8648ce3d040302')
const DIGITAL_SIGNATURE = bitString(Buffer.from([0x80]), 7)
const KEY_CERT_SIGN = bitString(Buffer.from([0x04]), 2)
