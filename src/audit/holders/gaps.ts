/** Every reason for which a list of holders may not be exact, in words. Pure. */
import type { Gap } from '../gap.ts'

const ASK_MEMBER =
  'ask about the one you have in mind: nib why <principal> publish|subscribe <subject>, with --claim and --group'

interface Words {
  readonly message: string
  readonly hint: string
}

/** What is true of the groups or rules that are listed behind it. */
const DIFFERENCES = {
  'members-denied': { message: 'a DENY may take it from some members', hint: ASK_MEMBER },
  'members-capped': { message: 'a ceiling may take it from some members', hint: ASK_MEMBER },
  'members-elsewhere': { message: 'an AccountMap places some members elsewhere too', hint: ASK_MEMBER },
  'members-excluded': { message: 'a rule that grants it leaves some members out', hint: ASK_MEMBER },
  'members-combine': {
    message: 'some members hold other rights besides, and NATS lists may not say both in full',
    hint: ASK_MEMBER,
  },
  'members-given-less': {
    message: 'NATS lists could not say all that is granted: members with other rights besides may hold more of it',
    hint: 'narrow the grants that nib lint reports as given less',
  },
  'principals-unsure': {
    message: 'principals are described in a way of which no example could be made, and may hold it too',
    hint: 'name them in a rule, or as ServiceAccounts among the documents',
  },
  'principals-too-many': {
    message: 'more groups of principals are described than are looked at',
    hint: 'ask about a narrower pattern',
  },
  'inbox-owner-unknown': {
    message: 'the inbox belongs to one principal whose name it does not tell, and nobody who is known has it',
    hint: 'the log of the bridge names the inbox prefix of each login',
  },
} as const satisfies Record<string, Words>

export type DifferenceKind = keyof typeof DIFFERENCES

const MOST_SHOWN = 3

/** @param about groups of principals, or whatever else it is true of, each with the rules that make it so */
export function gapOf(kind: DifferenceKind, about: ReadonlyMap<string, ReadonlySet<string>>): Gap {
  const { message, hint } = DIFFERENCES[kind]
  const whom = [...about].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, rules]) => spell(name, rules))
  const listed = [
    ...whom.slice(0, MOST_SHOWN),
    ...(whom.length > MOST_SHOWN ? [`${whom.length - MOST_SHOWN} more`] : []),
  ]
  return { code: kind, message: `${message}: ${listed.join('; ')}`, hint }
}

function spell(name: string, rules: ReadonlySet<string>): string {
  const names = [...rules].filter((rule) => rule !== '').toSorted()
  if (names.length === 0) return name
  const more = names.length > 1 ? ` and ${names.length - 1} more` : ''
  return `${name} (${names[0]}${more})`
}

export function serviceAccountsUnknown(groups: readonly string[]): Gap {
  const more = groups.length > 1 ? ` and ${groups.length - 1} more` : ''
  return {
    code: 'service-accounts-unknown',
    message: `no ServiceAccounts are known besides those that rules name: who ${groups[0]}${more} is, is not told by name`,
    hint: 'put ServiceAccount objects among the policy files, or ask a bridge that follows the cluster',
  }
}
