/** Where policy documents come from. What other rooms may use of this one. */
export { readPolicyFolders } from './policy-folder.ts'
export {
  createPolicySource,
  type PolicySource,
  type PolicySourceOptions,
  type PolicyStatus,
  type SourceStatus,
} from './policy-source.ts'
