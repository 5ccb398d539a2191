/** Hands out tokens from a file, each once per port: every port has a responder of its own behind it, which has not met them. */
import { readFileSync } from 'node:fs'

export interface FreshTokens {
  /** Nothing once all have been used at this port. */
  next(file: string, port: number): string | undefined
}

export function createFreshTokens(): FreshTokens {
  const files = new Map<string, readonly string[]>()
  const used = new Map<number, number>()
  return {
    next(file, port) {
      const tokens = files.get(file) ?? readFileSync(file, 'latin1').split('\n')
      files.set(file, tokens)
      const position = used.get(port) ?? 0
      used.set(port, position + 1)
      return tokens[position]
    },
  }
}
