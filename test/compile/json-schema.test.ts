/** The JSON Schema of each kind says what the schema that reads documents says. */
import { expect, test } from 'vitest'
import { policyJsonSchemas } from '../../src/compile/index.ts'

test('every kind has a closed JSON Schema with its fields described as they are written', () => {
  const schemas = policyJsonSchemas()
  expect([...schemas.keys()]).toEqual(['AccountMap', 'SubjectCeiling', 'SubjectPolicy', 'SubjectRoute'])
  expect(schemas.get('SubjectPolicy')).toMatchObject({
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      kind: { const: 'SubjectPolicy' },
      spec: {
        additionalProperties: false,
        required: ['principals'],
        properties: {
          action: { enum: ['ALLOW', 'DENY'], default: 'ALLOW' },
          principals: { type: 'array', minItems: 1, items: { additionalProperties: false, minProperties: 1 } },
          grants: {
            items: {
              additionalProperties: false,
              properties: {
                publish: { type: 'array', minItems: 1, items: { type: 'string' } },
                maxReplies: { type: 'integer', minimum: -1 },
                replyWithin: { type: 'string', description: 'duration, such as 30s, 5m or 1h30m' },
              },
            },
          },
        },
      },
    },
  })
})
