/** Where the example policy lies, from the sources and from the build alike. */
import { fileURLToPath } from 'node:url'

export const SHOP_POLICY_FOLDER = fileURLToPath(new URL('../../deploy/demo/policy', import.meta.url))
