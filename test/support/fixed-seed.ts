/** Properties draw the same cases in every run, so that who changed nothing sees nothing red; `FC_SEED=7 npm test` draws others. */
import { configureGlobal } from 'fast-check'
import { fcSeed } from './fc-runs.ts'

configureGlobal({ seed: fcSeed() })
