/** What `nib why` prints of a denial, on the demo shop's policy. */
import { describe, expect, test } from 'vitest'
import { nib } from '../support/nib.ts'

const SHOP = ['-p', 'deploy/demo/policy']

function said(out: string): string[] {
  return out.split('\n').map((line) => line.replaceAll('deploy/demo/policy/', ''))
}

describe('nib why, of a denial', () => {
  test('says which rules come close, the document to write, and the way over HTTP', async () => {
    const { out, exitCode } = await nib(['why', 'shop/web', 'publish', 'shop.payments.charge', ...SHOP])
    expect(exitCode).toBe(1)
    expect(said(out).slice(7)).toEqual([
      'comes close                                           rule                                                                        pattern               written in',
      'it is for principals cluster.local/ns/shop/sa/orders  AuthorizationPolicy shop/payments[0] through SubjectRoute shop/payments[0]  shop.payments.charge  http.yaml:35',
      '',
      'to grant it  write SubjectPolicy shop/web-publish-shop-payments-charge, a new document',
      '',
      '  apiVersion: nats-identity-bridge.dev/v1alpha1',
      '  kind: SubjectPolicy',
      '  metadata:',
      '    name: web-publish-shop-payments-charge',
      '    namespace: shop',
      '  spec:',
      '    principals:',
      '      - serviceAccount: shop/web',
      '    grants:',
      '      - publish:',
      '          - shop.payments.charge',
      '',
      'or           let AuthorizationPolicy shop/payments allow POST /charges (SubjectRoute shop/payments[0], routes.yaml:25)',
      '',
    ])
  })

  test('proposes no document to paste while a DENY stands in the way', async () => {
    const { out } = await nib(['why', 'shop/dashboard', 'publish', 'shop.payments.refund', ...SHOP])
    expect(out).toContain('SubjectPolicy shop/read-only[0] denies it: whoever owns that must change it first')
    expect(out).not.toContain('apiVersion')
  })

  test('says nothing more of what is allowed', async () => {
    const { out, exitCode } = await nib(['why', 'shop/orders', 'publish', 'shop.orders.created', ...SHOP])
    expect(exitCode).toBe(0)
    expect(out).not.toMatch(/close|to grant it/)
  })

  test('gives the same as JSON, steps and all', async () => {
    const { out } = await nib(['why', 'shop/orders', 'publish', 'shop.orders.cancelled', ...SHOP, '--json'])
    expect(JSON.parse(out)).toMatchObject({
      allowed: false,
      close: [{ kind: 'pattern', pattern: 'shop.orders.created' }],
      remedy: { steps: [{ kind: 'add-pattern', field: 'spec.grants[0].publish', add: 'shop.orders.cancelled' }] },
    })
  })
})
