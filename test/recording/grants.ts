/** The grants that the recorded calls need, as a person writes them. */
export const publishCreated = ['jetstream: {stream: ORDERS, publish: [orders.created]}']
export const useBilling = ['jetstream: {stream: ORDERS, consume: {consumer: billing}}']
export const ownFiltered = [
  'jetstream: {stream: ORDERS, consume: {consumer: mine, create: true, filter: orders.created}}',
]
export const ownPush = [
  'jetstream: {stream: ORDERS, consume: {consumer: mine, create: true, filter: orders.created, push: true}}',
]
export const ownWhole = [
  'jetstream: {stream: ORDERS, wholeStream: true, consume: {consumer: mine, create: true, push: true, deliver: deliver.mine}}',
]
export const ownUnfiltered = ['jetstream: {stream: ORDERS, wholeStream: true, consume: {consumer: mine, create: true}}']
export const useMail = [
  'jetstream: {stream: ORDERS, consume: {consumer: mail, push: true, deliver: deliver.mail, queue: [mailers]}}',
]
export const ordered = ['jetstream: {stream: ORDERS, consume: {ordered: true, filter: orders.created}}']
export const orderedWhole = ['jetstream: {stream: ORDERS, wholeStream: true, consume: {ordered: true}}']
export const orderedWholeOld = [
  'jetstream: {stream: ORDERS, wholeStream: true, streamNames: true, consume: {ordered: true}}',
]
export const everyConsumer = ["jetstream: {stream: ORDERS, wholeStream: true, consume: {consumer: '*', create: true}}"]
export const readCreated = ['jetstream: {stream: ORDERS, read: [orders.created]}']
export const readWhole = ["jetstream: {stream: ORDERS, read: ['>'], wholeStream: true}"]
export const adminStream = ['jetstream: {stream: FRESH, admin: true}']

export const kvRead = ["kv: {bucket: carts, read: [cart.1, 'cart.*.total']}"]
export const kvWatch = ['kv: {bucket: carts, watch: [cart.1]}']
export const kvWatchAll = ["kv: {bucket: carts, watch: ['>']}"]
export const kvWrite = ["kv: {bucket: carts, write: ['cart.*']}"]
export const kvReadWrite = ['kv: {bucket: carts, read: [cart.9], write: [cart.9]}']
export const kvWhole = ["kv: {bucket: carts, read: ['>'], watch: ['>'], wholeStream: true}"]
export const kvPlain = ["kv: {bucket: plain, read: ['>'], wholeStream: true}"]
export const kvAdmin = ["kv: {bucket: fresh, admin: true, write: ['>'], watch: ['>']}"]

export const osRead = ['objectStore: {store: files, read: true}']
export const osReadOld = ['objectStore: {store: files, read: true, streamNames: true}']
export const osWrite = ['objectStore: {store: files, read: true, write: true}']
export const osAdmin = ['objectStore: {store: fresh, read: true, write: true, admin: true}']

export const hostOrders = ['service: {host: {name: orders, endpoints: [shop.orders.get, shop.top]}}']
export const hostQueued = ['service: {host: {name: orders, endpoints: [shop.top], queue: [q], maxReplies: -1}}']
export const discoverOrders = ['service: {discover: [orders]}']
export const discoverAll = ["service: {discover: ['*']}"]
export const callTop = ['service: {call: [shop.top]}']
