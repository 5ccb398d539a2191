/** What each way of fetching is told. Pure data. */
import type { Platform } from './platform.ts'
import type { Environment } from './tool.ts'

export interface Fetching {
  readonly version: string
  readonly platform: Platform
  /** Empty folder to work in; it is removed afterwards. */
  readonly folder: string
  readonly env: Environment
}
