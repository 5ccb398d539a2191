/** IP addresses as numbers, to walk around the edges of a block. Pure. */
import type { Random } from './random.ts'

interface Address {
  readonly six: boolean
  readonly value: bigint
}

/** An address of the block, often its first or last, sometimes the one before or behind. */
export function addressNear(block: string, random: Random): string {
  const [text = '', length] = block.split('/')
  const { six, value } = parse(text)
  const width = six ? 128 : 32
  const free = BigInt(width - (length === undefined ? width : Number(length)))
  const size = 1n << free
  const first = (value >> free) << free
  const inside = first + (randomBits(random) % size)
  const wanted = random.pick([inside, inside, first, first + size - 1n, first - 1n, first + size, value])
  return format({ six, value: BigInt.asUintN(width, wanted) })
}

/** Whether Envoy takes it for an end of a connection of this family: one host's address, not that of many or of none. */
export function canBeProxied(address: string, six: boolean): boolean {
  const parsed = parse(address)
  if (parsed.six !== six) return false
  const first = Number(parsed.value >> (six ? 120n : 24n))
  return six ? parsed.value !== 0n && first !== 0xff : parsed.value !== 0n && first < 224
}

function randomBits(random: Random): bigint {
  let bits = 0n
  for (let i = 0; i < 5; i++) bits = (bits << 30n) | BigInt(random.below(1 << 30))
  return bits
}

function parse(text: string): Address {
  if (!text.includes(':')) return { six: false, value: BigInt(`0x${bytesOf(text)}`) }
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0]
  const hex =
    dotted === undefined ? text : text.replace(dotted, `${bytesOf(dotted).slice(0, 4)}:${bytesOf(dotted).slice(4)}`)
  const [head = '', tail] = hex.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return {
    six: true,
    value: BigInt(`0x${[...left, ...middle, ...right].map((group) => group.padStart(4, '0')).join('')}`),
  }
}

function bytesOf(dotted: string): string {
  return dotted
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')
}

function format({ six, value }: Address): string {
  const hex = value.toString(16).padStart(six ? 32 : 8, '0')
  if (six) return (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0+(?=.)/, '')).join(':')
  return (hex.match(/.{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.')
}

export function isSix(address: string): boolean {
  return address.includes(':')
}
