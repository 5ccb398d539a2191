/** Policies that are not in force, whatever their reader expects. Pure. */
import type { Rule } from '../finding.ts'

export const istioDryRun: Rule = {
  code: 'istio-dry-run',
  severity: 'warning',
  title: 'policy that is only tried',
  why: 'With `istio.io/dry-run` a policy is evaluated and logged, and never enforced, in the mesh as in NATS. An ALLOW left so does not close what it selects.',
  mend: 'remove the annotation when the trial is over',
  check: ({ policies }) =>
    policies
      .filter(({ dryRun }) => dryRun)
      .map(({ document, action }) => ({
        at: { document, path: ['metadata', 'annotations', 'istio.io/dry-run'] },
        message: `the ${action} is evaluated and never enforced`,
      })),
}
