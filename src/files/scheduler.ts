/** Later, as a port: tests hand in their own time. Timers of the system one never keep the process alive. */

export interface Scheduler {
  /** Runs `task` once after so many milliseconds; the returned function takes it back. */
  after(milliseconds: number, task: () => void): () => void
}

export const systemScheduler: Scheduler = {
  after(milliseconds, task) {
    const timer = setTimeout(task, milliseconds).unref()
    return () => clearTimeout(timer)
  },
}
