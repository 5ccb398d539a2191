/** Texts that a pattern of Istio matches, and their neighbours. Pure. */
import type { Random } from './random.ts'

export function fill(random: Random, pattern: string): string {
  const text = pattern === '*' ? random.pick(['x', 'alice', 'a/b', '*', '']) : filled(random, pattern)
  return random.chance(0.2) ? beside(random, text) : text
}

function filled(random: Random, pattern: string): string {
  const some = (): string => random.pick(['', 'x', 'td1', 'a.b', 'a/b', 'ab', '*'])
  if (pattern.startsWith('*')) return `${some()}${pattern.slice(1)}`
  return pattern.endsWith('*') ? `${pattern.slice(0, -1)}${some()}` : pattern
}

/** One character more, less or other. */
export function beside(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const other = text.charAt(at)
  const turned = other === other.toLowerCase() ? other.toUpperCase() : other.toLowerCase()
  return random.pick([
    `${text}x`,
    `x${text}`,
    text.slice(1),
    text.slice(0, -1),
    `${text.slice(0, at)}${turned}${text.slice(at + 1)}`,
    `${text.slice(0, at)}x${text.slice(at + 1)}`,
    text.toUpperCase(),
  ])
}

export function fillPath(random: Random, pattern: string): string {
  if (!pattern.includes('{')) return fill(random, pattern)
  const segment = (): string =>
    random.pick(['x', '7', 'a.b', '', 'a/b', '%20', 'x[y]', 'a;b=1', '*', 'jos%C3%A9', '@', '$x', '~'])
  const rest = (): string => random.pick(['', 'x', 'a/b', 'a/b/', '/', 'x/items', 'a//b', 'x[y]'])
  const path = pattern.replaceAll('{**}', rest).replaceAll('{*}', segment)
  return random.chance(0.15) ? beside(random, path) : path
}
