/**
 * From key files to a set of keys that can be used. Each part that fails its checks keeps what it had in the previous set,
 * so that one tenant's bad rotation touches no other tenant. What a mode does not have stays empty.
 */
import { parseBoxKey, parseSigner, type Signer } from '../nkey/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { AccountClaims } from './account-jwt.ts'
import { keyProblem } from './key-problem.ts'
import { createJwtReader, createKeyReader, keptIf, type LoadedKey } from './last-good.ts'
import type { AccountKey, KeySet, ResponseKey } from './key-set.ts'
import { checkAllowed, checkCalloutOn, checkPlacingKeys, checkResponseKeys, checkXkey } from './operator-checks.ts'
import type { ConfigModeKeys, KeyringSettings, OperatorAccount, OperatorModeKeys } from './settings.ts'

export interface LoadedKeys {
  /** Parts may be missing in a first set whose diagnostics hold errors. */
  readonly set: KeySet
  readonly diagnostics: readonly Diagnostic[]
}

export type LoadKeys = (previous: KeySet | undefined) => Promise<LoadedKeys>

/** @param now milliseconds since the epoch, to judge the end of account JWTs by. */
export function createKeyLoader(settings: KeyringSettings, now: () => number): LoadKeys {
  return settings.mode === 'config' ? configModeLoader(settings) : operatorModeLoader(settings, now)
}

function configModeLoader(settings: ConfigModeKeys): LoadKeys {
  const signers = createKeyReader((seed) => parseSigner(seed, 'A'))
  const boxes = createKeyReader(parseBoxKey)
  return async () => {
    const diagnostics: Diagnostic[] = []
    const issuers = await signers.read('callout.issuer', settings.issuer, diagnostics)
    const xkeys = await boxes.read('callout.xkey', settings.xkey, diagnostics)
    const set: KeySet = {
      issuers: new Map(issuers.map(({ publicKey, key }) => [publicKey, key])),
      accounts: new Map(),
      response: undefined,
      boxKeys: xkeys.map(({ key }) => key),
    }
    return { set, diagnostics }
  }
}

const CALLOUT = 'the callout account'

function operatorModeLoader(settings: OperatorModeKeys, now: () => number): LoadKeys {
  const signers = createKeyReader((seed) => parseSigner(seed, 'A'))
  const boxes = createKeyReader(parseBoxKey)
  const jwts = createJwtReader(now)
  const { publicKey, jwtFile } = settings.callout

  async function readCallout(diagnostics: Diagnostic[]): Promise<AccountClaims | undefined> {
    if (jwtFile !== undefined) return jwts.read({ part: CALLOUT, file: jwtFile, publicKey }, diagnostics)
    const message = 'the allowed accounts, the xkey and the signing keys of the callout account are not checked'
    diagnostics.push(keyProblem('account-jwt-unchecked', message, { part: CALLOUT }, 'warning'))
    return undefined
  }

  async function loadAccount(
    account: OperatorAccount,
    callout: AccountClaims | undefined,
    previous: AccountKey | undefined,
    diagnostics: Diagnostic[],
  ): Promise<AccountKey | undefined> {
    const part = `account ${account.name}`
    const keys = await signers.read(part, account.signingKeys, diagnostics)
    const source =
      account.jwtFile === undefined ? undefined : { part, file: account.jwtFile, publicKey: account.publicKey }
    const claims = source === undefined ? undefined : await jwts.read(source, diagnostics)
    // Without the JWT that was promised nothing can be said of the keys; the unreadable file is reported already.
    if (source !== undefined && claims === undefined) return previous
    const subject = { part, publicKey: account.publicKey }
    const problems = [
      ...checkPlacingKeys(subject, keys, claims),
      ...(callout === undefined ? [] : checkAllowed(subject, callout)),
    ]
    diagnostics.push(...problems.map((problem) => keptIf(previous !== undefined, problem)))
    const [first] = keys
    if (problems.length > 0 || first === undefined) return previous
    return { signer: first.key, placement: { mode: 'operator', issuerAccount: account.publicKey } }
  }

  return async (previous) => {
    const diagnostics: Diagnostic[] = []
    const callout = await readCallout(diagnostics)
    const responses = await signers.read('callout.response', settings.response, diagnostics)
    const xkeys = await boxes.read('callout.xkey', settings.xkey, diagnostics)
    const place = { part: CALLOUT, ...(jwtFile === undefined ? {} : { file: jwtFile }) }
    if (callout !== undefined) diagnostics.push(...checkCalloutOn(callout, place))
    const xkeyNames = xkeys.map((xkey) => xkey.publicKey)
    const xkeyProblems = callout === undefined ? [] : checkXkey(callout, xkeyNames, place)
    diagnostics.push(...xkeyProblems.map((problem) => keptIf(previous !== undefined, problem)))
    const responseProblems = checkResponseKeys({ part: CALLOUT, publicKey }, responses, callout)
    diagnostics.push(...responseProblems.map((problem) => keptIf(previous !== undefined, problem)))
    const accounts = new Map<string, AccountKey>()
    for (const account of settings.accounts) {
      const key = await loadAccount(account, callout, previous?.accounts.get(account.name), diagnostics)
      if (key !== undefined) accounts.set(account.name, key)
    }
    const response = responseProblems.length === 0 ? responseKey(responses, publicKey) : undefined
    const set: KeySet = {
      issuers: new Map(),
      accounts,
      response: response ?? previous?.response,
      boxKeys: (xkeyProblems.length > 0 ? previous?.boxKeys : undefined) ?? xkeys.map(({ key }) => key),
    }
    return { set, diagnostics }
  }
}

function responseKey(keys: readonly LoadedKey<Signer>[], calloutAccount: string): ResponseKey | undefined {
  const [first] = keys
  if (first === undefined) return undefined
  return first.publicKey === calloutAccount
    ? { signer: first.key }
    : { signer: first.key, issuerAccount: calloutAccount }
}
