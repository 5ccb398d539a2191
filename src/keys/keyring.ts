/**
 * All keys of the bridge, as the hot path asks for them, swapped without a restart when their files change.
 * Refuses to open while any key is missing, broken or of no use; once open, a bad file never takes a good key away.
 */
import type { SigningKeys } from '../callout/ports.ts'
import { watchFiles, type Loaded, type WatchTiming } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { BoxKey } from '../nkey/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { KeyProblemCode } from './key-problem.ts'
import { keysInUse, type KeyInUse, type KeySet } from './key-set.ts'
import { createKeyLoader } from './load-keys.ts'
import type { KeyringSettings } from './settings.ts'

export interface Keyring extends SigningKeys {
  /** Empty when requests come in the clear. */
  boxKeys(): readonly BoxKey[]
  /** Whether a request's `sub` is one of our issuers (config mode), or the callout account (operator mode). */
  isOurs(addressee: string): boolean
  status(): KeyringStatus
  /** Calls back after every change of a key in use. @returns what ends it. */
  onChange(listener: () => void): () => void
  close(): void
}

export interface KeyringStatus {
  /** Milliseconds since the epoch: the last time that the files were read. */
  readonly readAt: number
  readonly keys: readonly KeyInUse[]
  /** What is wrong right now; errors mean that older keys stand in for broken files. */
  readonly diagnostics: readonly Diagnostic[]
}

export interface KeyringPorts {
  /** Milliseconds since the epoch. */
  now(): number
  /** Each problem once when it appears, and `keys-changed` after a swap. Holds public keys and file names only. */
  log(diagnostic: Diagnostic): void
  readonly watching?: WatchTiming
}

/** May pass without a change of the file: worth another look. */
const PASSING: readonly string[] = ['key-file-unreadable', 'account-jwt-unreadable'] satisfies KeyProblemCode[]

const EMPTY: KeySet = { issuers: new Map(), accounts: new Map(), response: undefined, boxKeys: [] }

export async function openKeyring(
  settings: KeyringSettings,
  ports: KeyringPorts,
): Promise<Result<Keyring, readonly Diagnostic[]>> {
  const load = createKeyLoader(settings, () => ports.now())
  const listeners = new Set<() => void>()
  let set: KeySet | undefined
  let status: KeyringStatus = { readAt: ports.now(), keys: [], diagnostics: [] }

  async function reload(): Promise<Loaded> {
    const next = await load(set)
    const known = new Set(status.diagnostics.map(spell))
    const keys = keysInUse(next.set)
    const changed = set !== undefined && spell(keys) !== spell(status.keys)
    const refused = set === undefined && !isSound(next.diagnostics)
    status = { readAt: ports.now(), keys, diagnostics: next.diagnostics }
    if (refused) return 'done'
    set = next.set
    for (const diagnostic of next.diagnostics) if (!known.has(spell(diagnostic))) ports.log(diagnostic)
    if (changed) {
      ports.log(keysChanged(keys))
      for (const listener of listeners) listener()
    }
    return next.diagnostics.some(({ code }) => PASSING.includes(code)) ? 'retry' : 'done'
  }

  const watch = watchFiles({ ...ports.watching, paths: filesOf(settings), load: reload })
  await watch.ready
  if (set === undefined) {
    watch.close()
    return err(status.diagnostics)
  }
  return ok({
    ...lookUps(settings, () => set ?? EMPTY),
    status: () => status,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => watch.close(),
  })
}

function lookUps(
  settings: KeyringSettings,
  current: () => KeySet,
): Pick<Keyring, 'forAccount' | 'forResponse' | 'boxKeys' | 'isOurs'> {
  const boxKeys = (): readonly BoxKey[] => current().boxKeys
  if (settings.mode === 'operator') {
    return {
      forAccount: (account) => current().accounts.get(account),
      forResponse: () => current().response,
      boxKeys,
      isOurs: (addressee) => addressee === settings.callout.publicKey,
    }
  }
  return {
    forAccount(account, addressee) {
      const signer = current().issuers.get(addressee)
      return signer === undefined ? undefined : { signer, placement: { mode: 'config', account } }
    },
    forResponse(addressee) {
      const signer = current().issuers.get(addressee)
      return signer === undefined ? undefined : { signer }
    },
    boxKeys,
    isOurs: (addressee) => current().issuers.has(addressee),
  }
}

function filesOf(settings: KeyringSettings): string[] {
  const seeds =
    settings.mode === 'config'
      ? [...settings.issuer, ...settings.xkey]
      : [...settings.response, ...settings.xkey, ...settings.accounts.flatMap((account) => account.signingKeys)]
  const jwts = settings.mode === 'config' ? [] : [settings.callout.jwtFile, ...settings.accounts.map((a) => a.jwtFile)]
  return [...new Set([...seeds.map(({ seedFile }) => seedFile), ...jwts.filter((file) => file !== undefined)])]
}

function keysChanged(keys: readonly KeyInUse[]): Diagnostic {
  const list = keys.map(({ part, publicKey }) => `${part} ${publicKey}`).join(', ')
  return { severity: 'info', code: 'keys-changed', message: `the keys in use are now: ${list}` }
}

function isSound(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.every(({ severity }) => severity !== 'error')
}

function spell(value: unknown): string {
  return JSON.stringify(value)
}
