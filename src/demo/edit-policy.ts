/** Edits the policy as a person would, by saving one file and applying it, and measures how long it takes until the bridge decides by it. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../dev/deadline.ts'
import type { Snapshot } from '../policy/snapshot.ts'

export interface PolicyEdit {
  /** Inside the policy folder. */
  readonly file: string
  readonly before: string
  readonly after: string
}

export const ALLOW_REFUND: PolicyEdit = {
  file: 'http.yaml',
  before: '- operation: { methods: [GET], paths: [/refunds] }',
  after: '- operation: { methods: [GET, POST], paths: [/refunds] }',
}

export interface PolicyChange {
  readonly snapshotBefore: string
  readonly snapshotAfter: string
  /** From the moment at which the file was saved, milliseconds; with a real cluster kubectl takes its part of it. */
  readonly inForceAfterMs: number
}

const LIMIT_MS = 10_000

export async function editPolicy(
  folder: string,
  { file, before, after }: PolicyEdit,
  currentSnapshot: () => Snapshot | undefined,
  apply: (file: string) => Promise<void>,
): Promise<PolicyChange> {
  const path = join(folder, file)
  const text = await readFile(path, 'utf8')
  if (!text.includes(before)) throw new Error(`${path} does not hold the line that the demo edits: ${before}`)
  const snapshotBefore = currentSnapshot()?.id ?? ''
  // Hidden, so that nobody takes it for a policy, and renamed, so that nobody reads half of it.
  const draft = join(folder, `.${file}`)
  await writeFile(draft, text.replace(before, after))
  const saved = performance.now()
  await rename(draft, path)
  await apply(path)
  const newer = (): string | undefined => {
    const id = currentSnapshot()?.id
    return id === snapshotBefore ? undefined : id
  }
  const snapshotAfter = await eventually(newer, LIMIT_MS, `a new snapshot after the edit of ${file}`)
  return { snapshotBefore, snapshotAfter, inForceAfterMs: performance.now() - saved }
}
