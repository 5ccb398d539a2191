/** Standard input line by line, several lines at a time, as they come. */
import type { Input } from './input.ts'

/** In UTF-16 code units; a longer line is told as `undefined`. */
const MAX_LINE = 16 * 1_048_576

/** Without line ends; the last line may have none. */
export async function* eachLine(input: Input): AsyncGenerator<readonly (string | undefined)[]> {
  const decoder = new TextDecoder()
  /** The beginning of a line whose end has not come yet. */
  let begun: string[] = []
  let length = 0

  function finish(end: string): string | undefined {
    const line =
      length + end.length > MAX_LINE ? undefined : withoutReturn(begun.length === 0 ? end : `${begun.join('')}${end}`)
    begun = []
    length = 0
    return line
  }

  function begin(text: string): void {
    length += text.length
    // Too long already: only its end is waited for.
    if (length > MAX_LINE) begun = []
    else if (text !== '') begun.push(text)
  }

  for await (const chunk of input()) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines: (string | undefined)[] = []
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      lines.push(finish(text.slice(start, end)))
      start = end + 1
    }
    begin(text.slice(start))
    if (lines.length > 0) yield lines
  }
  const rest = decoder.decode()
  if (length > 0 || rest !== '') yield [finish(rest)]
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
