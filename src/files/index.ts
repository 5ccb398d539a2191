/** Files as they lie on disk: read with limits, listed, watched. A lower room that adapters share; knows no keys and no policy. */
export { listFiles, type FileEntry, type FileListing, type FileProblem, type ListingOptions } from './listing.ts'
export { certificatesIn, unfitPair } from './pem.ts'
export { readText, type TextFile } from './read-text.ts'
export { systemScheduler, type Scheduler } from './scheduler.ts'
export { watchFiles, type FileWatch, type Loaded, type WatchTiming } from './watch-files.ts'
