/** The table of rules. A new one is a rule in a file of its family, its name below, and its code in compile/waivable.ts. Pure. */
import type { Rule } from './finding.ts'
import { istioAllowAllRule, istioFromToSplit, istioNegativeAllow, istioOpenToAnyone } from './istio/open.ts'
import { istioDenyAllPartial, istioDenyThatAllows, istioOutbound } from './istio/names.ts'
import { istioDryRun } from './istio/state.ts'
import { istioHostPort, istioPrefixWithoutBase } from './istio/surroundings.ts'
import { istioHttpOnTcpPort, istioShutsNats } from './istio/tcp.ts'
import {
  istioDefaultServiceAccount,
  istioLiteralStar,
  istioMethodCase,
  istioPathUnreachable,
  istioPrincipalForm,
} from './istio/values.ts'
import { istioDenyShutsTcp, istioRefused, istioUnknownField, istioUnknownKey } from './istio/verdicts.ts'
import { istioVoidsNarrow } from './istio/voids.ts'
import { inboxExposed, respondUnlimited } from './nats/answers.ts'
import { ceilingUnused, grantCutByCeiling, grantOutsideCeiling, grantWithoutCeiling } from './nats/ceilings.ts'
import {
  grantNeedsNewServer,
  grantUnsayable,
  permissionsNearLimit,
  permissionsTooLarge,
  principalInTwoAccounts,
} from './nats/decisions.ts'
import {
  bucketsAll,
  jetstreamAdmin,
  jetstreamEvadesDeny,
  jetstreamWholeApi,
  jetstreamWholeStream,
} from './nats/jetstream.ts'
import { limitsContradict } from './nats/limits.ts'
import { denyNearMiss } from './nats/near-miss.ts'
import { grantEverything, grantToEverybody, starIsOneToken } from './nats/over-broad.ts'
import { respondToItself } from './nats/self-request.ts'
import { publishForAnswers, requestUnanswered, respondUncalled } from './nats/requests.ts'
import { grantCovered, grantDenied } from './nats/shadowed.ts'
import { accountAnyNamespace, defaultServiceAccount, principalsAnyNamespace } from './nats/tenants.ts'
import { principalsWithoutAccount } from './nats/unreachable.ts'
import { rbacBindsEverybody, rbacEverySubject } from './rbac/subjects.ts'

/** By family, as the documentation lists them. */
export const RULES: readonly Rule[] = [
  grantEverything,
  grantToEverybody,
  starIsOneToken,
  grantCovered,
  grantDenied,
  denyNearMiss,
  principalsWithoutAccount,
  accountAnyNamespace,
  principalsAnyNamespace,
  defaultServiceAccount,
  grantOutsideCeiling,
  grantCutByCeiling,
  grantWithoutCeiling,
  ceilingUnused,
  respondUncalled,
  requestUnanswered,
  publishForAnswers,
  respondUnlimited,
  respondToItself,
  inboxExposed,
  jetstreamWholeApi,
  jetstreamAdmin,
  jetstreamWholeStream,
  jetstreamEvadesDeny,
  bucketsAll,
  principalInTwoAccounts,
  limitsContradict,
  permissionsTooLarge,
  permissionsNearLimit,
  grantUnsayable,
  grantNeedsNewServer,
  rbacEverySubject,
  rbacBindsEverybody,
  istioFromToSplit,
  istioOpenToAnyone,
  istioAllowAllRule,
  istioNegativeAllow,
  istioDenyThatAllows,
  istioDenyAllPartial,
  istioOutbound,
  istioVoidsNarrow,
  istioLiteralStar,
  istioPathUnreachable,
  istioPrincipalForm,
  istioMethodCase,
  istioDefaultServiceAccount,
  istioPrefixWithoutBase,
  istioHostPort,
  istioShutsNats,
  istioHttpOnTcpPort,
  istioDenyShutsTcp,
  istioUnknownField,
  istioUnknownKey,
  istioRefused,
  istioDryRun,
]
