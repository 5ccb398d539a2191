/** What `nib dev` and the demo need of a terminal; the commands hand it in. Colour is the terminal's business, not theirs. */
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface Output {
  line(text?: string): void
  /** For machines: then nothing else is written to standard output. */
  json(value: unknown): void
  /** Gives the text back as it is where there is no colour. */
  paint(text: string, tone: Tone): string
  /** @param code stable, kebab-case; for whoever reads JSON. */
  error(message: string, hint?: string, code?: string): void
  diagnostics(list: readonly Diagnostic[]): void
}

export type Tone = 'good' | 'bad' | 'dim' | 'strong' | 'plain'
