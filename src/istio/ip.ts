/** IP addresses and blocks as Go's net/netip reads them and Envoy compares them. Pure. */
import type { CidrMatch } from './term.ts'

const ZERO = '0'.charCodeAt(0)
const GROUP = /^[0-9a-fA-F]{1,4}$/
const BITS = /^(?:0|[1-9]\d{0,2})$/
const IPV6_GROUPS = 8
/** The longest spelling of an address; a zone is not counted. */
const MAX_LENGTH = 45

/** @returns 4 or 16 bytes, `undefined` when the text is no address. A zone (`fe80::1%eth0`) is read and means nothing. */
export function parseIp(text: string): readonly number[] | undefined {
  const percent = text.indexOf('%')
  if (percent < 0) return parseBare(text)
  const address = parseBare(text.slice(0, percent))
  return address?.length === 16 && percent < text.length - 1 ? address : undefined
}

/** One address, or a block `<address>/<bits>`. */
export function parseCidr(text: string): CidrMatch | undefined {
  const slash = text.lastIndexOf('/')
  const address = slash < 0 ? parseIp(text) : parseBare(text.slice(0, slash))
  if (address === undefined) return undefined
  if (slash < 0) return { text, address, bits: address.length * 8 }
  const spelled = text.slice(slash + 1)
  const bits = BITS.test(spelled) ? Number(spelled) : Infinity
  return bits <= address.length * 8 ? { text, address, bits } : undefined
}

/** An address of the other version is never inside, not even in `::/0`. */
export function isInside(address: readonly number[], block: CidrMatch): boolean {
  if (address.length !== block.address.length) return false
  const whole = block.bits >> 3
  for (let index = 0; index < whole; index++) if (address[index] !== block.address[index]) return false
  const rest = block.bits & 7
  if (rest === 0) return true
  const shift = 8 - rest
  return (address[whole] ?? 0) >> shift === (block.address[whole] ?? 0) >> shift
}

function parseBare(text: string): readonly number[] | undefined {
  if (text.length > MAX_LENGTH) return undefined
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** Four decimal bytes, none with a leading zero. */
function parseIpv4(text: string): readonly number[] | undefined {
  const bytes: number[] = []
  let byte = -1
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit >= 0 && digit <= 9) {
      if (byte === 0) return undefined
      byte = byte < 0 ? digit : byte * 10 + digit
      if (byte > 255) return undefined
    } else if (text[at] === '.' && byte >= 0 && bytes.length < 3) {
      bytes.push(byte)
      byte = -1
    } else return undefined
  }
  if (byte < 0 || bytes.length < 3) return undefined
  bytes.push(byte)
  return bytes
}

function parseIpv6(text: string): readonly number[] | undefined {
  const [before = '', after, more] = text.split('::')
  if (more !== undefined) return undefined
  const head = parseGroups(before, after === undefined)
  if (after === undefined) return head?.length === IPV6_GROUPS * 2 ? head : undefined
  const tail = parseGroups(after, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = IPV6_GROUPS * 2 - head.length - tail.length
  // `::` stands for one group of zeros at least.
  return missing < 2 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...tail]
}

/** @param isLast the last four bytes may be written as IPv4. */
function parseGroups(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    if (GROUP.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
      continue
    }
    const dotted = isLast && index === groups.length - 1 ? parseIpv4(group) : undefined
    if (dotted === undefined) return undefined
    bytes.push(...dotted)
  }
  return bytes
}
