/**
 * Notices that files or folders changed, whichever way it happened: written in place, renamed over, a symbolic link
 * swapped (Kubernetes Secret and ConfigMap mounts), vanished, come back. The operating system's notices only hasten
 * a look; what decides is a comparison of fingerprints, taken at least once a second.
 */
import { listFiles, type ListingOptions } from './listing.ts'
import { createNotices } from './notices.ts'
import { systemScheduler, type Scheduler } from './scheduler.ts'

export type WatchTiming = Pick<WatchOptions, 'pollMs' | 'settleMs' | 'patienceMs' | 'scheduler' | 'notices'>

export interface WatchOptions {
  /** Files and folders; neither needs to exist. */
  readonly paths: readonly string[]
  /**
   * Reads the files: called at once, and again whenever they changed and then held still. Never twice at a time, and must
   * not fail. Answering `retry` has it called again after the next poll although nothing changed.
   */
  readonly load: () => Promise<Loaded>
  /** Milliseconds between looks without a notice, default 1000. */
  readonly pollMs?: number
  /** Milliseconds for which the paths must hold still before a change counts, default 50. */
  readonly settleMs?: number
  /** Milliseconds after which a change counts although the paths keep changing, default 1000. */
  readonly patienceMs?: number
  readonly scheduler?: Scheduler
  readonly listing?: ListingOptions
  /** Whether to ask the operating system for notices, default true; without them only the poll looks. */
  readonly notices?: boolean
}

export type Loaded = 'done' | 'retry'

export interface FileWatch {
  /** Fulfilled after the first load. What changes during a load leads to another one. */
  readonly ready: Promise<void>
  close(): void
}

export function watchFiles(options: WatchOptions): FileWatch {
  const { paths, load, pollMs = 1000, settleMs = 50, patienceMs = 1000 } = options
  const { scheduler = systemScheduler, listing, notices: useNotices = true } = options
  const settling = createSettling(Math.max(1, Math.ceil(patienceMs / settleMs)))
  let looking = false
  let noticed = false
  let closed = false
  let cancel: (() => void) | undefined

  const lookIn = (milliseconds: number): void => {
    cancel?.()
    cancel = closed ? undefined : scheduler.after(milliseconds, () => void look())
  }

  const notices = createNotices(paths, () => {
    // Only the first notice sets the timer: a stream of them must not put the look off for ever.
    if (!noticed && !looking) lookIn(settleMs)
    noticed = true
  })

  const look = async (): Promise<void> => {
    if (looking || closed) return
    looking = true
    noticed = false
    let soon = false
    try {
      const found = await listFiles(paths, listing)
      if (useNotices) await notices.follow(found)
      const verdict = settling.judge(found.fingerprint)
      soon = verdict === 'restless'
      if (verdict === 'changed' && !closed && (await load()) === 'retry') settling.forget()
    } finally {
      looking = false
      lookIn(soon || noticed ? settleMs : pollMs)
    }
  }

  return {
    ready: look(),
    close() {
      closed = true
      cancel?.()
      notices.close()
    },
  }
}

interface Settling {
  /** `changed`: load now. `restless`: it differs from what was loaded, but did not hold still yet. */
  judge(fingerprint: string): 'same' | 'restless' | 'changed'
  /** As if nothing had been loaded. */
  forget(): void
}

function createSettling(maxLooks: number): Settling {
  let loaded: string | undefined
  let pending: { readonly fingerprint: string; readonly looks: number } | undefined
  return {
    judge(fingerprint) {
      if (fingerprint === loaded) {
        pending = undefined
        return 'same'
      }
      const looks = (pending?.looks ?? 0) + 1
      if (loaded !== undefined && pending?.fingerprint !== fingerprint && looks <= maxLooks) {
        pending = { fingerprint, looks }
        return 'restless'
      }
      pending = undefined
      loaded = fingerprint
      return 'changed'
    },
    forget() {
      loaded = undefined
    },
  }
}
