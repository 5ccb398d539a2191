/** Patterns for properties: few tokens, so that two of them often meet, and some of the odd ones that NATS allows. */
import * as fc from 'fast-check'
import type { Pattern } from '../../src/subject/index.ts'
import { pattern } from './oracle.ts'

const literalToken = fc.constantFrom('a', 'b', 'orders', '$JS', '-', 'é', '𝒜', '0', 'A')
const token = fc.oneof({ weight: 2, arbitrary: literalToken }, { weight: 1, arbitrary: fc.constant('*') })

export const anyPattern: fc.Arbitrary<Pattern> = fc
  .tuple(fc.array(token, { maxLength: 5 }), fc.boolean())
  .map(([tokens, tail]) => pattern(tail || tokens.length === 0 ? [...tokens, '>'].join('.') : tokens.join('.')))

export const anyPatterns: fc.Arbitrary<Pattern[]> = fc.array(anyPattern, { maxLength: 12 })
