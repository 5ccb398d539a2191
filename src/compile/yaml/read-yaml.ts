/**
 * The text of one file -> the objects in it, with positions. Pure.
 * Refuses the whole file when it is too large, too deep, has too many parts or characters that readers of YAML take differently;
 * counts while it reads, so that a hostile file costs no more than its limit. Broken YAML in one document does not hide the mistakes in the others.
 */
import { Composer, Lexer, LineCounter, Parser, visit, type Document, type YAMLError } from 'yaml'
import { finish, type Steps } from '../../lib/steps.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { Position } from '../mistake.ts'
import { unquoted } from '../../lib/spell.ts'
import type { SourceObject } from '../source-object.ts'
import { toJsonValue } from './json-value.ts'
import { offsetAt } from './locate.ts'

export interface SourceText {
  /** As messages shall name it. */
  readonly file: string
  readonly text: string
}

export interface YamlFile {
  readonly objects: readonly SourceObject[]
  /** Errors for which no reader can say what the file holds; empty when it was read whole. */
  readonly failures: readonly Diagnostic[]
}

/** As large as a ConfigMap can be, in UTF-16 code units. */
export const MAX_FILE_LENGTH = 1024 * 1024
/** Levels of nesting: deeper than the schemas of large CustomResourceDefinitions, which may lie in the same folder. */
export const MAX_DEPTH = 100
/** Lexical tokens, blanks and line ends included: several thousand entries of an AccountMap. */
export const MAX_LEXEMES = 300_000
export const MAX_DOCUMENTS = 5000
const MAX_FAILURES = 20
/** That are one step of the reading. */
const LEXEMES_TOGETHER = 1000

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  // Checked in `json-value.ts`: there in linear time, and with both lines in the message.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const

export function readYaml(source: SourceText): YamlFile {
  return finish(readYamlInSteps(source))
}

export function* readYamlInSteps(source: SourceText): Steps<YamlFile> {
  const { file, text } = source
  if (text.length > MAX_FILE_LENGTH) {
    const message = `the file is longer than ${MAX_FILE_LENGTH} characters`
    return { objects: [], failures: [{ severity: 'error', code: 'file-too-large', message, hint: 'split it', file }] }
  }
  const stray = strayCharacter(source)
  if (stray !== undefined) return { objects: [], failures: [stray] }
  const lines = new LineCounter()
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { line, column: col }
  }
  const composed = yield* compose(text, lines)
  const failures: Diagnostic[] = []
  if (composed.refused !== undefined) {
    const { code, message, offset } = composed.refused
    failures.push({ severity: 'error', code, message, file, ...positionOf(offset) })
  }
  const objects: SourceObject[] = []
  for (const document of composed.documents) {
    const [error] = document.errors
    if (error !== undefined) {
      // The first error explains the rest, which mostly follow from it.
      const offset = openedAt(document, error) ?? error.pos[0]
      if (failures.length < MAX_FAILURES) failures.push(syntaxError(source, error.message, positionOf(offset)))
      continue
    }
    if (document.contents === null) continue
    const { value, mistakes } = toJsonValue(document.contents, positionOf)
    // `---` before nothing, or before comments alone.
    if (value === null && mistakes.length === 0) continue
    const locate: SourceObject['locate'] = (path, atKey) => {
      const offset = offsetAt(document, path, atKey)
      return offset === undefined ? undefined : positionOf(offset)
    }
    objects.push({ value, mistakes, file, locate })
    yield
  }
  return { objects, failures }
}

/**
 * What YAML 1.2 section 5.1 does not allow, and the characters at which only some readers end a line: a lone CR, and, for YAML 1.1 as in
 * kubectl, NEL, LS and PS. `yaml` ends it at none of them, so that a comment would go on over what others read as `action: DENY`.
 */
// eslint-disable-next-line no-control-regex -- these are what it is about
const STRAY = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|\r(?!\n)/
const LINE_ENDS = '\r\u0085\u2028\u2029'

function strayCharacter({ file, text }: SourceText): Diagnostic | undefined {
  const at = text.search(STRAY)
  if (at < 0) return undefined
  const before = text.slice(0, at).split('\n')
  const character = text.charAt(at)
  const name = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  const isLineEnd = LINE_ENDS.includes(character)
  return {
    severity: 'error',
    code: 'yaml-syntax',
    message: isLineEnd
      ? `not valid YAML here: some readers end the line at ${name} and others do not`
      : `not valid YAML: the character ${name} may not stand in it`,
    hint: isLineEnd ? 'end lines with LF, or with CR and LF' : 'save the file as UTF-8 text',
    file,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  }
}

interface Composed {
  readonly documents: readonly Document.Parsed[]
  readonly refused?: { readonly code: string; readonly message: string; readonly offset: number }
}

/** Drives the library's own steps by hand, as only between them can depth and number be limited. */
function* compose(text: string, lines: LineCounter): Steps<Composed> {
  const documents: Document.Parsed[] = []
  const parser = new Parser(lines.addNewLine)
  const composer = new Composer(OPTIONS)
  const refuse = (code: string, message: string): Composed => ({
    documents: [],
    refused: { code, message, offset: parser.offset },
  })
  lines.addNewLine(0)
  let lexemes = 0
  let errors = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (lexemes % LEXEMES_TOGETHER === 0) yield
    if (++lexemes > MAX_LEXEMES) return refuse('file-too-large', `the file has more than ${MAX_LEXEMES} YAML tokens`)
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error' && ++errors > MAX_FAILURES)
        return refuse('yaml-syntax', 'too many YAML errors to go on')
      for (const document of composer.next(token)) documents.push(document)
    }
    if (documents.length > MAX_DOCUMENTS)
      return refuse('file-too-large', `the file has more than ${MAX_DOCUMENTS} documents`)
    if (parser.stack.length > MAX_DEPTH) return refuse('file-too-deep', `YAML nested deeper than ${MAX_DEPTH} levels`)
  }
  for (const token of parser.end()) for (const document of composer.next(token)) documents.push(document)
  for (const document of composer.end()) documents.push(document)
  return { documents }
}

/** Of a text that never ends, where it begins: its end is the end of the file. */
function openedAt(document: Document.Parsed, { message, pos: [at] }: YAMLError): number | undefined {
  if (!message.startsWith('Missing closing ')) return undefined
  let opened: number | undefined
  visit(document, {
    Scalar: (_key, { range }) => {
      if (range !== undefined && range !== null && range[0] < at && range[1] >= at) opened = range[0]
    },
  })
  return opened
}

function syntaxError(source: SourceText, reason: string, position: Position): Diagnostic {
  const hint = hintFor(source.text) ?? hintForReason(reason, source.text.split('\n', position.line).at(-1) ?? '')
  const [sentence = ''] = reason.split('\n')
  return {
    severity: 'error',
    code: 'yaml-syntax',
    message: `not valid YAML: ${unquoted(sentence)}`,
    ...(hint === undefined ? {} : { hint }),
    file: source.file,
    ...position,
  }
}

/** What `yaml` says when lines do not begin where they should. */
const INDENTED = /same column|compact mappings|sufficiently indented/
const INDENT_HINT = 'compare how far this line and those before it are indented'

/** @param line where it was found */
function hintForReason(reason: string, line: string): string | undefined {
  if (reason.startsWith('Alias cannot be')) return 'a bare * begins a YAML alias; put it in quotes: "*"'
  const begins = /^Plain value cannot start with .*(\S)(?:\n|$)/.exec(reason)?.[1]
  if (begins !== undefined) return `no bare text begins with ${begins}; put it in quotes`
  const field = /^[\s-]*([A-Za-z]+):[^\s"']/.exec(line)?.[1]
  if (reason.startsWith('Implicit keys') && field !== undefined) return `put a blank behind the colon: ${field}: …`
  return INDENTED.test(reason) ? INDENT_HINT : undefined
}

function hintFor(text: string): string | undefined {
  if (/^(<{7}|>{7}|={7})( |$)/m.test(text)) return 'the file has merge conflict markers; resolve them'
  if (/\{\{.*\}\}/.test(text)) return 'the file looks like a template; render it first'
  if (/^ *\t/m.test(text)) return 'YAML is indented with spaces, not tabs'
  return undefined
}
