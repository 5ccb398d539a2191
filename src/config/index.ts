/** `bridge.yaml`: its shape, its checks, its typed form. What other rooms may use of this one. */
export type { Config, IssuerConfig, LogLevel } from './config.ts'
export { configJsonSchema } from './json-schema.ts'
export { loadConfig } from './load-config.ts'
export { parseConfig, type ConfigText, type ReadConfig } from './parse-config.ts'
export { pathResolver } from './to-config.ts'
