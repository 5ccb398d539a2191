/**
 * The play: a day in the shop, in the order in which things happen. First everybody who serves comes in and listens, then the
 * others ask, then the dashboard's pod is taken over, then strangers knock.
 */
import type { Cast, Intruder } from './cast.ts'
import type { Oracle } from './forecast.ts'
import type { Player, Stage } from './stage.ts'

export interface Play {
  readonly anna: Player
}

/** What anna may not do yet, and may do after the edit. */
export const REFUND = 'shop.payments.refund'

export async function play(stage: Stage, cast: Cast, intruders: readonly Intruder[], oracle: Oracle): Promise<Play> {
  const payments = await stage.enter(cast.payments)
  await stage.respond(payments, 'shop.payments.charge', 'payments', (message) => message.respond('payments'))
  await stage.respond(payments, REFUND, 'payments', (message) => message.respond('payments'))
  await stage.respond(payments, 'shop.payments.refunds', 'payments', (message) => message.respond('payments'))
  // Outside the queue group it would hear what its other replicas are asked.
  await stage.subscribe(payments, 'shop.payments.charge')

  const dashboard = await stage.enter(cast.dashboard)
  await stage.subscribe(dashboard, 'shop.orders.>')

  const orders = await stage.enter(cast.orders)
  await stage.respond(orders, 'shop.orders.create', 'orders', (message) => message.respond('orders'))
  await stage.respond(orders, 'shop.orders.*.status', 'orders', (message) => message.respond('orders'))
  await stage.request(orders, 'shop.payments.charge', 'order 1001, 25.00 EUR')
  await stage.publish(orders, 'shop.orders.created', dashboard)

  const web = await stage.enter(cast.web)
  await stage.request(web, 'shop.orders.create', 'order 1001')
  await stage.request(web, 'shop.payments.charge', 'order 1001, 0.01 EUR')
  await stage.publish(web, 'shop.orders.created', dashboard)

  const anna = await stage.enter(cast.anna)
  await stage.request(anna, 'shop.orders.1001.status', '')
  await stage.request(anna, 'shop.payments.refunds', '')
  await stage.request(anna, 'shop.orders.create', 'order 1002')
  await stage.request(anna, REFUND, 'order 1001')

  // From here on somebody else holds the dashboard's token.
  await stage.publish(dashboard, REFUND)
  await stage.subscribe(dashboard, 'warehouse.stock')
  await stage.subscribe(dashboard, `${oracle.inboxPrefix(cast.orders.principal)}.>`)
  await stage.subscribe(dashboard, '>')

  for (const intruder of intruders) await stage.turnAway(intruder)
  return { anna }
}
