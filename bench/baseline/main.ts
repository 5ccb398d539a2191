/** The baseline as a process. */
import { answerOnNats } from '../service.ts'
import { readResponderSetup } from '../responder-setup.ts'
import { createBaselineAnswer } from './answer.ts'

const setup = readResponderSetup()
await answerOnNats(setup, createBaselineAnswer(setup))
