/** The bare responder as a process. */
import { answerOnNats } from '../service.ts'
import { readResponderSetup } from '../responder-setup.ts'
import { createBareAnswer } from './answer.ts'

const setup = readResponderSetup()
await answerOnNats(setup, createBareAnswer(setup))
