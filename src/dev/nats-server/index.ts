/** A real nats-server for development and tests: found or fetched, run, stopped. What other rooms may use of this one. */
export { findNatsServer, type FindOptions } from './find-nats-server.ts'
export type { NatsServerBinary, Source } from './installed.ts'
export { MATRIX_VERSIONS, PINNED_VERSION } from './pins.ts'
export { runNatsServer, type RunningNatsServer, type RunOptions } from './run-nats-server.ts'
export { NatsServerUnavailable, type TriedWay } from './unavailable.ts'
