/** What the grants that name a resource have in common, as CEL. Pure. `src/compile/grants/whole.ts` has the same in full. */
import type { AdmissionRule } from './admission.ts'

export function isTrue(field: string, of = 'self'): string {
  return `(has(${of}.${field}) && ${of}.${field})`
}

/** A resource is named and nothing is to be done with it. */
export function saysSomething(lists: readonly string[], flags: readonly string[], choices: string): AdmissionRule {
  return {
    rule: [...lists.map((field) => `has(self.${field})`), ...flags.map((field) => isTrue(field))].join(' || '),
    message: `says nothing that may be done: give ${choices}`,
  }
}

/** Lists that read what `wholeStream` opens, which goes with nothing else. In a DENY it is refused altogether. */
export function wholeStreamRules(fields: readonly string[], beside: readonly string[]): AdmissionRule[] {
  return [
    {
      rule: `!${isTrue('wholeStream')} || ${beside.map((field) => `has(self.${field})`).join(' || ')}`,
      message: `goes with ${beside.join(' or ')} only`,
      fieldPath: '.wholeStream',
    },
    ...fields.flatMap((field) => [
      {
        rule: `!${isTrue('wholeStream')} || !has(self.${field}) || self.${field}.all(one, one == '>')`,
        message: 'must be [">"] beside wholeStream: true, which lets everything be read',
        fieldPath: `.${field}`,
      },
      {
        rule: `${isTrue('wholeStream')} || !has(self.${field}) || self.${field}.all(one, one != '*' && !one.endsWith('.*'))`,
        message:
          'has a pattern that ends in *, which JetStream would let widen to >: write > if all of that may be read',
        fieldPath: `.${field}`,
      },
    ]),
  ]
}

/** For a DENY: a request for a wider pattern would still read what is denied. */
export function everythingOrNothing(verb: string, field: string): string {
  return `(!has(grant.${verb}.${field}) || grant.${verb}.${field}.all(one, one == '>'))`
}
