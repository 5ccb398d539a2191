/**
 * Notices that files or folders changed, whichever way it happened: written in place, renamed over, a symbolic link
 * swapped (Kubernetes Secret and ConfigMap mounts), vanished, come back. The operating system's notices only hasten
 * a look; what decides is a comparison of fingerprints, taken at least once a second.
 */
import { listFiles, type ListingOptions } from './listing.ts'
import { createNotices } from './notices.ts'
import { systemScheduler, type Scheduler } from './scheduler.ts'

export interface WatchOptions {
  /** Files and folders; neither needs to exist. */
  readonly paths: readonly string[]
  /** Called once the paths changed and then held still; never twice at a time. Read the files in it; must not fail. */
  readonly onChange: () => void | Promise<void>
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

export interface FileWatch {
  /** Fulfilled when the state to compare with has been taken: what is read after it cannot change unnoticed. */
  readonly ready: Promise<void>
  close(): void
}

export function watchFiles(options: WatchOptions): FileWatch {
  const { paths, onChange, pollMs = 1000, settleMs = 50, patienceMs = 1000 } = options
  const { scheduler = systemScheduler, listing, notices: useNotices = true } = options
  const maxLooks = Math.max(1, Math.ceil(patienceMs / settleMs))
  let reported: string | undefined
  /** A fingerprint that differs from the reported one, and how many looks differed so far. */
  let pending: { readonly fingerprint: string; readonly looks: number } | undefined
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
    try {
      const found = await listFiles(paths, listing)
      if (useNotices) await notices.follow(found)
      if (holdsChange(found.fingerprint) && !closed) await onChange()
    } finally {
      looking = false
      lookIn(pending !== undefined || noticed ? settleMs : pollMs)
    }
  }

  /** Whether to report now; remembers what was seen. */
  const holdsChange = (fingerprint: string): boolean => {
    const first = reported === undefined
    const looks = (pending?.looks ?? 0) + 1
    const settled = pending?.fingerprint === fingerprint || looks > maxLooks
    if (!first && fingerprint !== reported && !settled) {
      pending = { fingerprint, looks }
      return false
    }
    pending = undefined
    const changed = !first && fingerprint !== reported
    reported = fingerprint
    return changed
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
