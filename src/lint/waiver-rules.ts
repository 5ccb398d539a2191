/** The two findings about waivers themselves, which cannot be waived. Pure data. */
import type { RuleText } from './finding.ts'

export const WAIVER_UNUSED: RuleText = {
  code: 'waiver-unused',
  severity: 'warning',
  title: 'waiver that waives nothing',
  why: 'The mistake it was written for is gone. Left where it is, it silently allows the next one of its kind in this document.',
  mend: 'remove the code from the annotation',
}

export const WAIVER_UNKNOWN: RuleText = {
  code: 'waiver-unknown',
  severity: 'error',
  title: 'waiver of an unknown code',
  why: 'A misspelt waiver waives nothing, and its reader believes that it does.',
  mend: 'write the code as `nib lint` prints it; `nib lint --list` lists them all',
}
