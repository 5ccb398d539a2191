/** The audiences that tokens for the API server itself bear: every pod holds one, so that they prove nothing more. Pure. */

/** How pods name the API server, which is its audience where its issuer is another, as in clouds. With and without cluster domain. */
const API_SERVER = /^(?:https:\/\/)?kubernetes\.default(?:\.svc(?:\.[a-z0-9.-]+)?)?\/?$/

/** @param audience of a ServiceAccount token; the issuer itself is one, too, which only its configuration tells. */
export function isApiServerAudience(audience: string): boolean {
  return API_SERVER.test(audience)
}
