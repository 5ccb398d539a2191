/** How words of others stand in messages. */
import { describe, expect, test } from 'vitest'
import { quote, unquoted } from '../../src/lib/spell.ts'

describe('words of others', () => {
  test('stand in a sentence as they are', () => {
    const sentence = 'Flow sequence in block collection must be sufficiently indented and end with a ]'
    expect(unquoted(sentence)).toBe(sentence)
    expect(unquoted(String.raw`Missing closing "quote and a \ behind it`)).toBe(
      String.raw`Missing closing "quote and a \ behind it`,
    )
  })

  test('are cut where they go on and on, and say so', () => {
    expect(unquoted('x'.repeat(70), 60)).toBe(`${'x'.repeat(60)}…`)
    expect(quote('x'.repeat(70))).toBe(`"${'x'.repeat(60)}"…`)
    expect(unquoted('"'.repeat(70), 60)).toBe(`${'"'.repeat(60)}…`)
  })

  test('bring no seed, no token and no private key along', () => {
    const seed = `SA${'A2'.repeat(28)}`
    const token = `eyJhbGciOiJFUzI1NiJ9.${'e'.repeat(90)}.${'s'.repeat(86)}`
    expect(quote(seed)).toBe('"(hidden)"')
    expect(quote(`Bearer ${token}`)).toBe('"Bearer (hidden)"')
    expect(unquoted(`alias *${seed} is not known`)).toBe('alias *(hidden) is not known')
    expect(quote(`-----BEGIN EC PRIVATE KEY----- ${'k'.repeat(90)}`)).toBe('"(hidden)"')
    // Long names in capitals are none.
    expect(quote('SATELLITE2MEASUREMENTS')).toBe('"SATELLITE2MEASUREMENTS"')
  })

  test('bring no control characters along', () => {
    expect(unquoted('a\u001b[2J\u202eb\nc')).toBe(String.raw`a\u001b[2J\u202eb\nc`)
  })
})
