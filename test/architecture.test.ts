/** The house's walls: which room may import which, and what pure rooms may not touch. docs/adr/0001 draws it. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')

const PURE = [
  'lib',
  'identity',
  'subject',
  'istio',
  'policy',
  'route',
  'compile',
  'issue',
  'audit',
  'lint',
  'answers',
  'callout',
] as const
const LOWER = ['nkey', 'files', 'kube'] as const
const ADAPTERS = ['wire', 'authn', 'keys', 'sources', 'config', 'admin', 'telemetry', 'server-config'] as const
const WIRING = ['serve', 'dev', 'demo', 'cli', 'main.ts'] as const

type Room = (typeof PURE)[number] | (typeof LOWER)[number] | (typeof ADAPTERS)[number] | (typeof WIRING)[number]

/** What each room may import, besides itself. */
const MAY_IMPORT: Record<Room, readonly Room[]> = {
  lib: [],
  identity: ['lib'],
  subject: ['lib'],
  istio: ['lib', 'identity'],
  policy: ['lib', 'identity', 'subject', 'istio'],
  route: ['lib', 'identity', 'subject', 'istio', 'policy'],
  compile: ['lib', 'identity', 'subject', 'istio', 'policy', 'route'],
  issue: ['lib', 'identity', 'subject', 'policy'],
  audit: ['lib', 'identity', 'subject', 'istio', 'policy'],
  lint: ['lib', 'identity', 'subject', 'istio', 'policy', 'compile'],
  answers: ['lib', 'identity', 'subject', 'istio', 'policy', 'route', 'compile', 'audit'],
  callout: ['lib', 'identity', 'subject', 'policy', 'issue', 'audit'],
  nkey: ['lib'],
  files: ['lib'],
  kube: [...PURE, 'files'],
  wire: [...PURE, ...LOWER],
  authn: [...PURE, ...LOWER],
  keys: [...PURE, ...LOWER],
  sources: [...PURE, ...LOWER],
  config: [...PURE, ...LOWER],
  admin: [...PURE, ...LOWER],
  telemetry: [...PURE, ...LOWER],
  'server-config': [...PURE, ...LOWER],
  serve: [...PURE, ...LOWER, ...ADAPTERS],
  dev: [...PURE, ...LOWER, ...ADAPTERS, 'serve'],
  demo: [...PURE, ...LOWER, ...ADAPTERS, 'serve', 'dev'],
  cli: [...PURE, ...LOWER, ...ADAPTERS, 'serve', 'dev', 'demo'],
  'main.ts': ['cli', 'lib'],
}

/** Libraries that do no I/O of their own; nothing else enters a pure room. */
const PURE_LIBRARIES = new Set(['yaml', 'zod'])
const IMPURE_GLOBALS =
  /\b(?:Date\.now|new Date\(\)|Math\.random|process\.|setTimeout|setInterval|setImmediate|fetch\(|crypto\.)/

interface SourceFile {
  readonly path: string
  readonly room: string
  readonly text: string
  readonly imports: readonly string[]
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)\s*import\s+'([^']+)'/g

const files: readonly SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8')
    const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    return { path, room: path.split('/')[0] ?? path, text, imports }
  })

function isRoom(room: string): room is Room {
  return Object.hasOwn(MAY_IMPORT, room)
}

function roomOf(file: SourceFile, specifier: string): string {
  return relative(SRC, resolve(SRC, dirname(file.path), specifier)).split('/')[0] ?? ''
}

describe('the house', () => {
  test('has only rooms that the plan knows', () => {
    expect([...new Set(files.map((file) => file.room))].filter((room) => !isRoom(room))).toEqual([])
  })

  test('opens doors downwards only', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => roomOf(file, specifier))
        .filter(
          (target) =>
            target !== file.room && !(isRoom(file.room) && MAY_IMPORT[file.room].some((room) => room === target)),
        )
        .map((target) => `${file.path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  test('has no circle of files, types included: each can be read after those it names', () => {
    const importsOf = new Map(
      files.map((file) => [
        file.path,
        file.imports
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => relative(SRC, resolve(SRC, dirname(file.path), specifier))),
      ]),
    )
    // Whoever imports none of those that are left can be read; in a circle each waits for another.
    for (let before = -1; before !== importsOf.size;) {
      before = importsOf.size
      for (const [path, names] of importsOf) if (!names.some((name) => importsOf.has(name))) importsOf.delete(path)
    }
    expect([...importsOf.keys()]).toEqual([])
  })

  test('lets no I/O, clock or chance into a pure room', () => {
    const wrong = files
      .filter((file) => PURE.some((room) => room === file.room))
      .flatMap((file) => [
        ...file.imports
          .filter((name) => !name.startsWith('.') && !PURE_LIBRARIES.has(name))
          .map((name) => `${file.path} imports ${name}`),
        ...(IMPURE_GLOBALS.test(withoutComments(file.text))
          ? [`${file.path} touches ${IMPURE_GLOBALS.exec(withoutComments(file.text))?.[0]}`]
          : []),
      ])
    expect(wrong).toEqual([])
  })

  test('says at the top of each file what it decides', () => {
    expect(files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((file) => file.path)).toEqual([])
  })

  test('keeps files to one idea', () => {
    expect(files.filter((file) => file.text.split('\n').length > 301).map((file) => file.path)).toEqual([])
  })

  test('reads the environment in the wiring only', () => {
    const readers = files.filter((file) => /process\.env/.test(withoutComments(file.text))).map((file) => file.room)
    expect([...new Set(readers)].filter((room) => !WIRING.some((name) => name === room))).toEqual([])
  })
})

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<!:)\/\/.*$/gm, '')
}
