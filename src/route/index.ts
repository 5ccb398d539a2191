/**
 * The door of the room: HTTP operations as NATS subjects, ruled by the AuthorizationPolicies of their workload. Pure.
 */
export { compileRoute, operationsOf, type CompiledRoute, type RouteContext, type Taken } from './compile-route.ts'
export { methodsOf } from './methods.ts'
export { boxOfPath, patternOfParts, type RouteOperation } from './operation.ts'
export { settleClaims, type Claim, type Settled } from './overlap.ts'
export { pathsWithoutRoute } from './paths-without-route.ts'
export { samplesOf, type Samples } from './samples.ts'
export type { Sample } from './telling-samples.ts'
export type { Remark } from './remark.ts'
export type { CallerSide, Route, RouteWorkload } from './route.ts'
export { rulesNear, type RulesNear } from './rules-near.ts'
export {
  hasMethodVariable,
  parsePathTemplate,
  parseSubjectTemplate,
  variablesMistake,
  type Template,
} from './template.ts'
