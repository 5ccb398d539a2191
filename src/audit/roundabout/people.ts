/** The population that roundabout ways are looked for in: the same as of the answer that they stand in. Pure. */
import type { Described } from '../population/described.ts'
import type { Population } from '../population/population.ts'
import type { Person } from './actors.ts'

/** Known principals, and whoever a rule describes that grants something. */
export function peopleOf(population: Population): Person[] {
  const known = population.known.map((principal): Person => {
    const aliasOf = population.aliases.get(principal.name)
    return { name: principal.name, known: true, principal, ...(aliasOf === undefined ? {} : { aliasOf }) }
  })
  const described = new Map<string, Described>()
  for (const { effect, principals } of population.snapshot.model.grants) {
    if (effect !== 'allow') continue
    for (const entry of principals) {
      for (const one of population.describedIn(entry).described) described.set(one.description, one)
    }
  }
  const others = [...described.values()].map(({ description, representative, aliasOf }): Person => ({
    name: description,
    known: false,
    principal: representative,
    ...(aliasOf === undefined ? {} : { aliasOf }),
  }))
  return [...known, ...others]
}
