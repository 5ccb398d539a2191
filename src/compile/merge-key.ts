/** YAML 1.1's merge key, which YAML 1.2 and Kubernetes policies do without. Pure. */

export const MERGE_KEY = '<<'
export const MERGE_HINT = 'YAML merge keys are not supported; write the fields out'
