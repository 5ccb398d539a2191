/** Ways to write a path in a request line that come out as the same path after normalisation, or just not. Pure. */
import type { Random } from './random.ts'

export function rawPathOf(random: Random, path: string): string {
  let raw = path.startsWith('/') ? path : `/${path}`
  // The unreserved character that other algorithms leave escaped.
  if (random.chance(0.3)) raw = raw.replace('~', random.pick(['%7e', '%7E']))
  for (let i = random.pick([0, 0, 0, 1, 1, 2]); i > 0; i--) raw = random.pick(BENDS)(raw, random)
  raw = raw.replaceAll(/[^\x21-\x7e]/g, '')
  return raw.startsWith('/') ? raw : `/${raw}`
}

const BENDS: readonly ((path: string, random: Random) => string)[] = [
  (path, random) => insert(path, random, '/.'),
  (path, random) => insert(path, random, '/x/..'),
  (path, random) => insert(path, random, '/%2e'),
  (path, random) => insert(path, random, '/x/%2E%2e'),
  (path, random) => insert(path, random, '/'),
  (path) => path.replaceAll('/', (_, at: number) => (at > 0 ? '\\' : '/')),
  (path, random) => escapeOne(path, random, /[~._-]/g),
  (path, random) => escapeOne(path, random, /[A-Za-z0-9~._-]/g),
  (path, random) => escapeOne(path, random, /[^A-Za-z0-9~._-]/g),
  (path, random) =>
    `${path}${random.pick(['?x=1', '?', '?a=/../b', '#frag', '?x#y', '/..', '/.', '/../..', '/%2e%2e/', '..', '/...'])}`,
  (path, random) =>
    `${path}${random.pick(['%', '%4', '%zz', '%%41', '%25', '%2541', '%C3%A9', '%00', '%0a', '%7f', '%20'])}`,
  (path, random) =>
    `${path}${random.pick(['"', '<', '>', '^', '`', '{', '}', '|', '[', ']', '!', "'", '(', '*', '+', ',', '=', '@', ':', '$', '&'])}`,
  (path, random) => `${random.pick(['/..', '/.', '//', '/%2e%2e', '/x/..', '/%2f', '\\', '/.%2e', '/.;'])}${path}`,
  (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
]

/** Puts something in front of one of the slashes. */
function insert(path: string, random: Random, what: string): string {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index)
  const at = slashes.length === 0 ? path.length : random.pick(slashes)
  return `${path.slice(0, at)}${what}${path.slice(at)}`
}

function escapeOne(path: string, random: Random, which: RegExp): string {
  const places = [...path.matchAll(which)].map(({ index }) => index).filter((index) => index > 0)
  if (places.length === 0) return path
  const at = random.pick(places)
  const hex = path.charCodeAt(at).toString(16).padStart(2, '0')
  return `${path.slice(0, at)}%${random.chance(0.5) ? hex : hex.toUpperCase()}${path.slice(at + 1)}`
}
