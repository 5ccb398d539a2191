/** Standard input as one text, for commands that take `-` for a file. */

export type Input = () => AsyncIterable<string | Uint8Array>

/** Somewhat more than one file may hold, so that the reader of documents can say that it is too much. */
const MAX_LENGTH = 2 * 1_048_576

/** Nothing when the command was given no input. Stops reading where no reader would go on. */
export async function readInput(input: Input | undefined): Promise<string> {
  if (input === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of input()) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (text.length > MAX_LENGTH) break
  }
  return text + decoder.decode()
}

/** The same text for every reader, where standard input itself can be read only once. */
export function replayed(input: Input | undefined): Input {
  let text: Promise<string> | undefined
  return async function* () {
    text ??= readInput(input)
    yield await text
  }
}
