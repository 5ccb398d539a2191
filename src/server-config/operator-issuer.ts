/** Makes the accounts and users of one operator, signs their JWTs, and keeps the files that come of it. */
import { credsFile, jwtFile, keyFile } from './key-file.ts'
import type { KeyFactory, MadeKey, SignClaims } from './keys.ts'
import {
  accountClaims,
  operatorClaims,
  ownUserClaims,
  type AccountOptions,
  type UserOptions,
} from './operator-claims.ts'
import type { AccountOfOperator, GeneratedFile, Holder, OwnLogin } from './server-config.ts'

/** An account before its JWT is signed: users of it may be needed for that. */
export interface MadeAccount {
  readonly name: string
  readonly identity: MadeKey
}

export interface MadeUser {
  readonly jwt: string
  readonly login: Extract<OwnLogin, { kind: 'creds' }>
}

type AccountTraits = Pick<AccountOptions, 'jetstream' | 'bearers' | 'callout'>
type UserTraits = Pick<UserOptions, 'name' | 'permissions' | 'bearer'>

export interface OperatorIssuer {
  readonly files: readonly GeneratedFile[]
  account(name: string): MadeAccount
  user(account: MadeAccount, traits: UserTraits, file: FileOfUser): MadeUser
  /** JWT of an account that the bridge does not sign for. */
  accountJwt(account: MadeAccount): string
  /** JWT of an account that the bridge signs for, and the signing key that it does that with. */
  signingAccount(account: MadeAccount, purpose: string, traits: AccountTraits): AccountOfOperator
  operatorJwt(name: string, system: MadeAccount): string
  xkey(): MadeKey
}

interface FileOfUser {
  readonly name: string
  readonly holder: Holder
  readonly purpose: string
}

export function createOperatorIssuer(keys: KeyFactory, sign: SignClaims): OperatorIssuer {
  const operator = keys.signing('O')
  const files = [keyFile('operator.nk', operator, 'offline', 'signs the accounts; needed to change one or to add one')]

  function signAccount({ name, identity }: MadeAccount, traits: AccountTraits, signingKeys: readonly string[]): string {
    const { publicKey } = identity
    return sign(accountClaims({ operator: operator.publicKey, publicKey, name, signingKeys, ...traits }), operator, 'O')
  }

  return {
    files,
    account(name) {
      const identity = keys.signing('A')
      files.push(keyFile(`${name}.nk`, identity, 'offline', `the account ${name} itself; needed to make users of it`))
      return { name, identity }
    },
    user(account, traits, { name, holder, purpose }) {
      const user = keys.signing('U')
      const claims = ownUserClaims({ account: account.identity.publicKey, publicKey: user.publicKey, ...traits })
      const jwt = sign(claims, account.identity, 'A')
      files.push(credsFile(name, jwt, user, holder, purpose))
      return { jwt, login: { kind: 'creds', publicKey: user.publicKey, file: name } }
    },
    accountJwt(account) {
      const jwt = signAccount(account, {}, [])
      files.push(jwtFile(`${account.name}.jwt`, jwt, 'offline', `the account ${account.name}`))
      return jwt
    },
    signingAccount(account, purpose, traits) {
      const { name, identity } = account
      const signing = keys.signing('A')
      const signingKey = { publicKey: signing.publicKey, file: `${name}-signing.nk` }
      files.push(keyFile(signingKey.file, signing, 'bridge', purpose))
      const jwt = signAccount(account, traits, [signing.publicKey])
      const file = jwtFile(`${name}.jwt`, jwt, 'bridge', `the account ${name}; the bridge checks its keys against it`)
      files.push(file)
      return { name, publicKey: identity.publicKey, jwt, jwtFile: file.name, signingKey }
    },
    operatorJwt(name, system) {
      const jwt = sign(operatorClaims(operator.publicKey, name, system.identity.publicKey), operator, 'O')
      files.push(jwtFile('operator.jwt', jwt, 'offline', 'the operator, as nats-server and nsc read it'))
      return jwt
    },
    xkey() {
      const xkey = keys.curve()
      files.push(keyFile('xkey.nk', xkey, 'bridge', 'opens the requests that nats-server seals'))
      return xkey
    },
  }
}
