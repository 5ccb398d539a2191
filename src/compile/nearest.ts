/** The words of `lib/nearest.ts`, under the name this room knows. Pure. */
export { didYouMean, nearest } from '../lib/nearest.ts'
