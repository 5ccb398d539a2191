/** `status` of every kind: what the bridge made of the object. Pure. */
import type { StructuralSchema } from './structural.ts'

const MAX_CONDITIONS = 8

const condition: StructuralSchema = {
  description: 'one thing that the bridge says of the object',
  type: 'object',
  required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  properties: {
    type: { description: 'what is said, Compiled or Enforced', type: 'string', minLength: 1, maxLength: 316 },
    status: { description: 'whether it holds', type: 'string', enum: ['True', 'False', 'Unknown'] },
    reason: {
      description: 'why, in one word for programs',
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    },
    message: { description: 'why, for people: what is wrong and what to do', type: 'string', maxLength: 32_768 },
    observedGeneration: {
      description: 'metadata.generation of the object that this was said of',
      type: 'integer',
      format: 'int64',
      minimum: 0,
    },
    lastTransitionTime: { description: 'since when the status is what it is', type: 'string', format: 'date-time' },
  },
}

export const statusSchema: StructuralSchema = {
  description: 'what the bridge made of the object; written by the bridge alone',
  type: 'object',
  properties: {
    observedGeneration: {
      description: 'metadata.generation of the object that the bridge read last',
      type: 'integer',
      format: 'int64',
      minimum: 0,
    },
    conditions: {
      description: 'what the bridge says of the object, one entry for each type',
      type: 'array',
      maxItems: MAX_CONDITIONS,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: condition,
    },
  },
}
