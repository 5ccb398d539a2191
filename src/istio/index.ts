/**
 * The door of the room: Istio's AuthorizationPolicy as Istio (1.31) compiles it and Envoy enforces it. Pure.
 * Two ways to ask: a complete request (`evaluate`), or three-valued, of one who is known only in part (`callerTruth`).
 */
export {
  UNKNOWN,
  type Attribute,
  type CallerAttributes,
  type OperationAttributes,
  type RequestAttributes,
} from './attributes.ts'
export type {
  AuthorizationPolicy,
  Condition,
  Operation,
  PolicyAction,
  PolicyRule,
  PolicyTarget,
  Source,
  TargetRef,
} from './authorization-policy.ts'
export { callerAttributesOf } from './caller.ts'
export { compilePolicies, type CompiledPolicies, type CompileOptions, type RuleLoss } from './compile-policies.ts'
export { completeRequest, type RequestFacts } from './complete-request.ts'
export { evaluate, type Verdict } from './evaluate.ts'
export {
  DEFAULT_MESH,
  type Mesh,
  type PolicyWorkload,
  type SidecarWorkload,
  type Transport,
  type WaypointWorkload,
} from './mesh.ts'
export type { PolicyMistake } from './mistake.ts'
export { normalisePath } from './normalise-path.ts'
export { parseIp } from './ip.ts'
export {
  parseAuthorizationPolicy,
  readAuthorizationPolicy,
  type ParsedPolicy,
  type ReadPolicy,
} from './parse-policy.ts'
export { selectPolicies } from './select-policies.ts'
export type {
  CallerTerm,
  CompiledRule,
  OperationTerm,
  PathMatch,
  PathSegment,
  PathTemplate,
  RuleSet,
  Term,
  TextMatch,
} from './term.ts'
export { callerTruth, operationTermTruth, operationTruth, ruleTruth } from './term-truth.ts'
export type { Truth } from './truth.ts'
