/**
 * `nib serve`: runs until SIGTERM or SIGINT, then leaves the queue group, answers what it has taken, and ends with 0.
 * Exit code 2 when the configuration or a key is wrong, with every mistake named at once.
 */
import { loadConfig } from '../config/index.ts'
import { startBridge } from '../serve/start-bridge.ts'
import { createLog } from '../telemetry/logger.ts'
import type { Output } from './output.ts'
import { packageVersion } from './version.ts'

export async function serve(options: { config: string }, output: Output): Promise<number> {
  const loaded = await loadConfig(options.config)
  output.diagnostics(loaded.ok ? loaded.value.diagnostics : loaded.error)
  if (!loaded.ok) return 2
  const { config } = loaded.value
  const version = packageVersion()
  const log = createLog(config.log.level, version)
  const started = await startBridge(config, { version, log })
  if (!started.ok) {
    log.flush()
    output.diagnostics(started.error)
    return 2
  }
  const bridge = started.value
  log.logger.info({ mode: config.callout.mode, admin: bridge.adminPort, accounts: config.accounts }, 'started')
  void bridge.whenReady.then(() => {
    if (bridge.readiness().ready) log.logger.info('ready')
  })
  const signal = await nextSignal()
  log.logger.info({ signal }, 'stopping: leaving the queue group')
  await bridge.stop()
  return 0
}

/** Keeps the process alive until it is told to stop; a second signal ends it at once, as the default action would. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 1 << 30)
    const stop = (signal: NodeJS.Signals): void => {
      clearInterval(alive)
      process.removeListener('SIGTERM', stop)
      process.removeListener('SIGINT', stop)
      resolve(signal)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
