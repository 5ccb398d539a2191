/** Names decisions: unique across replicas and restarts, short enough for a server's log line. Pure. */

/** @param seed random text of this process, lower-case letters and digits. */
export function createDecisionIds(seed: string): () => string {
  let count = 0
  return () => {
    count += 1
    return `${seed}-${count.toString(36)}`
  }
}
