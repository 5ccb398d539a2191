/** The answering of questions with the compiler and the decisions that logins get, on whichever thread. */
import { createAnswering, type Answering } from '../answers/answering.ts'
import { createCompiler } from '../compile/index.ts'
import { createDecide } from '../policy/decide.ts'
import type { AnswerSettings } from './answer-messages.ts'
import { sha256Hex } from './sha256.ts'

export function answeringWith({ trustDomains, rootNamespace, forbiddenAccounts, accounts }: AnswerSettings): Answering {
  return createAnswering({
    compile: createCompiler({ trustDomains, rootNamespace, forbiddenAccounts, accounts, hash: sha256Hex }),
    decide: createDecide(sha256Hex, accounts),
    trustDomain: trustDomains.local,
  })
}
