/** The mesh as options name it, checked before anything is read. Pure. */
import { isTrustDomain } from '../identity/spiffe-id.ts'
import { quote } from '../lib/spell.ts'
import type { MeshOptions } from './options.ts'

/** @returns what is wrong with the options. */
export function meshMistake({ trustDomain, alias }: Pick<MeshOptions, 'trustDomain' | 'alias'>): string | undefined {
  const wrong = [trustDomain, ...alias].find((name) => !isTrustDomain(name))
  return wrong === undefined
    ? undefined
    : `trust domain ${quote(wrong)} is made of other characters than a-z, 0-9, ".", "-" and "_"`
}
