/** One thing that a grant promises, done by a real client. */
import type { NatsConnection as Owner } from '@nats-io/transport-node'

export interface Call<Client> {
  readonly name: string
  /** Items of `grants:`, under which the call works. */
  readonly grants: readonly string[]
  /** @throws when the call does not do what it should. @param owner has all rights in the account. */
  readonly run: (client: Client, owner: Owner, inboxPrefix: string) => Promise<void>
}

/** The first so many of what an iterator gives. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const one of source) {
    taken.push(one)
    if (taken.length >= count) break
  }
  return taken
}

export function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`expected ${what}`)
}

/** For the inbox and names that are random, so that two recordings are equal. */
export function withoutChance(said: string): string {
  return said
    .replace(/_INBOX_[0-9a-f]{32}\.\S*/, '<inbox>')
    .replace(/_INBOX\.\S*/, '<inbox of the caller>')
    .replaceAll(/[0-9A-Za-z]{22}/g, '<random>')
    .replace(/(\$JS\.ACK\.[^.]+\.[^.]+)\.\S+/, '$1.<numbers>')
    .replace(/(\$JS\.FC\.[^.]+\.[^.]+)\.\S+/, '$1.<token>')
}
