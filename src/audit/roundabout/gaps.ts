/** What would have to be known for roundabout ways to be all there are. Pure. */
import type { Gap } from '../gap.ts'
import type { Topology } from '../topology.ts'
import type { Actors } from './actors.ts'
import { accountOf } from './steps.ts'

export interface Looked {
  readonly account: string
  /** There were too many places to look at. */
  readonly cut: boolean
}

/** @param accounts where anybody lives. */
export function gapsOf(
  accounts: readonly string[],
  looked: readonly Looked[],
  actors: Actors,
  topology: Topology | undefined,
): Gap[] {
  return [
    ...accounts.flatMap((account) => unknownOf(account, topology)),
    ...strangersTo(accounts, topology),
    ...looked.filter(({ cut }) => cut).map(({ account }) => tooMany(account)),
    ...[...actors.domains].map(elsewhere),
  ]
}

function unknownOf(account: string, topology: Topology | undefined): Gap[] {
  const known = topology?.accounts.get(account)
  const hint = `give a topology: \`nib topology --account ${account}\` writes one`
  const gaps: Gap[] = []
  if (known?.jetStream !== false && known?.streams === undefined) {
    const message = `streams of account ${account} are not known: what they capture, copy and republish, and who consumes them`
    gaps.push({ code: 'streams-unknown', message, hint })
  }
  for (const { name, consumers, mirror, sources = [] } of known?.streams ?? []) {
    if (consumers === undefined) {
      const message = `consumers of stream ${name} of account ${account} are not known: what they deliver, and where`
      gaps.push({ code: 'consumers-unknown', message, hint })
    }
    for (const source of mirror === undefined ? sources : [mirror, ...sources]) {
      if (topology === undefined || accountOf(topology, account, source) !== undefined) continue
      const message = `stream ${name} of account ${account} copies stream ${source.stream} through ${source.apiPrefix ?? ''}, and which account or domain that is is not known`
      gaps.push({ code: 'source-unknown', message, hint: 'name the import of that API in the topology' })
    }
  }
  if (known?.imports === undefined) {
    const message = `imports of account ${account} are not known: what it has from other accounts`
    gaps.push({ code: 'imports-unknown', message, hint: `${hint}, with system credentials or the account's JWT` })
  }
  return gaps
}

/** Accounts that others import from, and of which nothing is known. */
function strangersTo(accounts: readonly string[], topology: Topology | undefined): Gap[] {
  return [...(topology?.accounts ?? [])].flatMap(([account, { imports = [] }]) =>
    imports
      .filter((one) => topology?.accounts.has(one.account) === false && !accounts.includes(one.account))
      .map((one) => ({
        code: 'account-unknown',
        message: `account ${account} imports ${one.subject.text} from account ${one.account}, of which nothing is known`,
        hint: `add it to the topology: \`nib topology --account ${one.account} --into topology.json\``,
      })),
  )
}

function tooMany(account: string): Gap {
  return {
    code: 'places-too-many',
    message: `messages of account ${account} are passed on to more places than were looked at`,
    hint: 'ask about a narrower pattern',
  }
}

function elsewhere(domain: string): Gap {
  return {
    code: 'domain-unknown',
    message: `streams of JetStream domain ${domain} are not known, and somebody may use their API`,
    hint: 'ask with the topology of that domain',
  }
}
