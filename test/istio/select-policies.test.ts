import { describe, expect, test } from 'vitest'
import { DEFAULT_MESH, readAuthorizationPolicy, selectPolicies, type PolicyWorkload } from '../../src/istio/index.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { document } from './ask.ts'

const POD: PolicyWorkload = { namespace: 'shop', labels: { app: 'orders', version: 'v1' } }
const GATEWAY: PolicyWorkload = {
  namespace: 'shop',
  labels: { app: 'gw', 'gateway.networking.k8s.io/gateway-name': 'web' },
}
const WAYPOINT: PolicyWorkload = {
  waypoint: {
    namespace: 'shop',
    name: 'waypoint',
    service: { namespace: 'shop', name: 'orders' },
    serviceEntry: { namespace: 'shop', name: 'outside' },
  },
}

function isSelected(spec: JsonObject, workload: PolicyWorkload, namespace = 'shop'): boolean {
  const { policy } = readAuthorizationPolicy(document(spec, { namespace }))
  return policy !== undefined && selectPolicies([policy], workload, DEFAULT_MESH).length === 1
}

const ref = (kind: string, name: string, group = '') => ({
  targetRefs: [{ kind, name, ...(group === '' ? {} : { group }) }],
})
const GATEWAYS = 'gateway.networking.k8s.io'

describe('a sidecar gets', () => {
  test.for<[string, JsonObject, boolean, string?]>([
    ['a policy without selector', {}, true],
    ['none of another namespace', {}, false, 'web'],
    ['one of the root namespace', {}, true, 'istio-system'],
    [
      'one of the root namespace that selects it',
      { selector: { matchLabels: { app: 'orders' } } },
      true,
      'istio-system',
    ],
    [
      'none of the root namespace that selects others',
      { selector: { matchLabels: { app: 'x' } } },
      false,
      'istio-system',
    ],
    ['one that selects one of its labels', { selector: { matchLabels: { app: 'orders' } } }, true],
    ['one that selects two of its labels', { selector: { matchLabels: { app: 'orders', version: 'v1' } } }, true],
    ['none that selects a label it lacks', { selector: { matchLabels: { app: 'orders', tier: 'x' } } }, false],
    ['none that selects another value', { selector: { matchLabels: { version: 'v2' } } }, false],
    ['one with empty matchLabels', { selector: { matchLabels: {} } }, true],
    ['one with an empty selector', { selector: {} }, true],
    ['one with a null selector', { selector: null }, true],
    ['none with targetRefs', ref('Service', 'orders'), false],
    ['none with the older targetRef', { targetRef: { kind: 'Gateway', group: GATEWAYS, name: 'web' } }, false],
    ['one with empty targetRefs', { targetRefs: [] }, true],
    ['none that selects what every object has', { selector: { matchLabels: { constructor: 'x' } } }, false],
  ])('%s', ([, spec, expected, namespace]) => {
    expect(isSelected(spec, POD, namespace)).toBe(expected)
  })
})

describe('a waypoint gets', () => {
  test.for<[string, JsonObject, boolean, string?]>([
    ['a policy for its Service', ref('Service', 'orders'), true],
    ['a policy for its Service, group core', ref('Service', 'orders', 'core'), true],
    ['none for another Service', ref('Service', 'cart'), false],
    ['none for a Service of that name elsewhere', ref('Service', 'orders'), false, 'web'],
    ['a policy for its ServiceEntry', ref('ServiceEntry', 'outside', 'networking.istio.io'), true],
    ['none for a Service of the name of its ServiceEntry', ref('Service', 'outside'), false],
    ['a policy for the Gateway that it is', ref('Gateway', 'waypoint', GATEWAYS), true],
    ['none for another Gateway', ref('Gateway', 'web', GATEWAYS), false],
    ['none for its Gateway from elsewhere', ref('Gateway', 'waypoint', GATEWAYS), false, 'istio-system'],
    [
      'one for its class from the root namespace',
      ref('GatewayClass', 'istio-waypoint', GATEWAYS),
      true,
      'istio-system',
    ],
    ['none for its class from its own namespace', ref('GatewayClass', 'istio-waypoint', GATEWAYS), false],
    ['none for another class', ref('GatewayClass', 'istio', GATEWAYS), false, 'istio-system'],
    ['none by selector', { selector: { matchLabels: {} } }, false],
    ['none for its whole namespace', {}, false],
    ['the older targetRef', { targetRef: { kind: 'Service', group: '', name: 'orders' } }, true],
  ])('%s', ([, spec, expected, namespace]) => {
    expect(isSelected(spec, WAYPOINT, namespace)).toBe(expected)
  })
})

describe('a gateway of the Gateway API gets', () => {
  test('policies for it by name, and by selector', () => {
    expect(isSelected(ref('Gateway', 'web', GATEWAYS), GATEWAY)).toBe(true)
    expect(isSelected(ref('Gateway', 'other', GATEWAYS), GATEWAY)).toBe(false)
    expect(isSelected(ref('Gateway', 'web', GATEWAYS), GATEWAY, 'istio-system')).toBe(false)
    expect(isSelected(ref('Service', 'web'), GATEWAY)).toBe(false)
    expect(isSelected({ selector: { matchLabels: { app: 'gw' } } }, GATEWAY)).toBe(true)
  })
})
