/**
 * Writes nats-server's configuration language (conf/lex.go). Pure.
 * Every setting comes with the reason it is there, which becomes the comment above it; every string is quoted and escaped,
 * so that no value can end a line, open a block or be read as a variable.
 */

export type ConfValue = string | number | boolean | Variable | readonly string[]

/** A value that nats-server reads from its own environment; never written down here. */
export interface Variable {
  readonly variable: string
}

export type Entry =
  | { readonly kind: 'setting'; readonly key: string; readonly value: ConfValue; readonly why: string }
  | { readonly kind: 'block'; readonly key: string; readonly entries: readonly Entry[]; readonly why: string }
  | {
      readonly kind: 'blocks'
      readonly key: string
      readonly items: readonly (readonly Entry[])[]
      readonly why: string
    }

export function setting(key: string, value: ConfValue, why: string): Entry {
  return { kind: 'setting', key, value, why }
}

export function block(key: string, entries: readonly Entry[], why: string): Entry {
  return { kind: 'block', key, entries, why }
}

/** A list of maps, such as `users`. */
export function blocks(key: string, items: readonly (readonly Entry[])[], why: string): Entry {
  return { kind: 'blocks', key, items, why }
}

/** Entries for a part that may be absent. */
export function given<T>(part: T | undefined, write: (part: T) => readonly Entry[]): readonly Entry[] {
  return part === undefined ? [] : write(part)
}

const COMMENT_WIDTH = 110
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/

/** @param heading lines of the comment at the top; an empty one is a gap. */
export function writeConf(heading: readonly string[], entries: readonly Entry[]): string {
  const top = heading.map((line) => `# ${line}`.trimEnd())
  return `${[...top, ...entries.flatMap((entry) => ['', ...writeEntry(entry, '')])].join('\n')}\n`
}

function writeEntry(entry: Entry, indent: string): string[] {
  const comment = wrap(entry.why, COMMENT_WIDTH - indent.length).map((line) => `${indent}# ${line}`)
  const head = `${indent}${writeKey(entry.key)}: `
  const inner = `${indent}  `
  if (entry.kind === 'setting') return [...comment, head + writeValue(entry.value)]
  if (entry.kind === 'block') {
    if (entry.entries.length === 0) return [...comment, `${head}{}`]
    return [...comment, `${head}{`, ...entry.entries.flatMap((one) => writeEntry(one, inner)), `${indent}}`]
  }
  const items = entry.items.flatMap((item) => [
    `${inner}{`,
    ...item.flatMap((one) => writeEntry(one, `${inner}  `)),
    `${inner}}`,
  ])
  return items.length === 0 ? [...comment, `${head}[]`] : [...comment, `${head}[`, ...items, `${indent}]`]
}

/** `include` is a directive wherever it stands unquoted. */
function writeKey(key: string): string {
  return PLAIN_KEY.test(key) && key !== 'include' ? key : quote(key)
}

function writeValue(value: ConfValue): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if ('variable' in value) return `$${value.variable}`
  return `[${value.map(quote).join(', ')}]`
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/** Other control characters have no escape worth writing; {@link checkSetup} refuses them before. */
function quote(text: string): string {
  return `"${text.replaceAll(/["\\\n\r\t]/g, (character) => ESCAPES.get(character) ?? '')}"`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
