/** The few pieces of DER (ITU-T X.690) that an X.509 certificate is written with. Pure. */

export function tag(type: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([type, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  if (length < 0x100) return [0x81, length]
  return [0x82, length >> 8, length & 0xff]
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tag(0x30, ...parts)
}

export function set(...parts: readonly Buffer[]): Buffer {
  return tag(0x31, ...parts)
}

/** @param bytes big-endian; must not be negative when read as two's complement. */
export function integer(bytes: Buffer): Buffer {
  return tag(0x02, bytes)
}

export function octetString(content: Buffer): Buffer {
  return tag(0x04, content)
}

/** @param unused number of bits at the end that do not count. */
export function bitString(bytes: Buffer, unused = 0): Buffer {
  return tag(0x03, Buffer.from([unused]), bytes)
}

export function utf8String(text: string): Buffer {
  return tag(0x0c, Buffer.from(text, 'utf8'))
}

/** Until 2049, as RFC 5280 wants it. */
export function utcTime(date: Date): Buffer {
  return tag(
    0x17,
    Buffer.from(
      date
        .toISOString()
        .slice(2)
        .replaceAll(/[-:T]|\.\d+/g, ''),
      'latin1',
    ),
  )
}

/** @param hex the encoded arcs. */
export function objectIdentifier(hex: string): Buffer {
  return tag(0x06, Buffer.from(hex, 'hex'))
}

export const TRUE: Buffer = tag(0x01, Buffer.from([0xff]))

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
