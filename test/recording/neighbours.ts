/** What lies next to each grant and must stay closed: literal subjects, as a client would publish or subscribe to them. */
import * as grants from './grants.ts'

export interface Neighbourhood {
  readonly name: string
  readonly grants: readonly string[]
  readonly publish: readonly string[]
  readonly subscribe?: readonly string[]
}

/** Closed under every grant for stream ORDERS that does not say wholeStream or admin. */
const AROUND_ORDERS = [
  'STREAM.CREATE',
  'STREAM.UPDATE',
  'STREAM.DELETE',
  'STREAM.PURGE',
  'STREAM.MSG.GET',
  'STREAM.MSG.DELETE',
  'STREAM.SNAPSHOT',
  'STREAM.RESTORE',
  'DIRECT.GET',
  'CONSUMER.CREATE',
  'CONSUMER.LIST',
  'CONSUMER.NAMES',
].map((request) => `$JS.API.${request}.ORDERS`)

/** Closed under every grant at all. */
const EVERYWHERE = [
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.CREATE.NEW',
  '$JS.API.STREAM.INFO.OTHER',
  '$JS.API.CONSUMER.CREATE.OTHER',
  '$JS.API.CONSUMER.CREATE.OTHER.mine.other.>',
  '$JS.API.DIRECT.GET.OTHER',
  '$JS.API.CONSUMER.MSG.NEXT.OTHER.mine',
  '$JS.ACK.OTHER.mine.1.1.1.1.1',
  '$JS.API.STREAM.MSG.GET.OTHER',
  'other.secret',
  '$KV.other.cart.1',
  '$JS.API.DIRECT.GET.KV_other.$KV.other.cart.1',
  '$O.other.M.Yw==',
  '$JS.API.STREAM.MSG.GET.KV_other',
  '$JS.API.STREAM.MSG.GET.OBJ_other',
  '$JS.API.STREAM.PURGE.OBJ_other',
  '$JS.API.SERVER.REMOVE',
  '$JS.API.META.LEADER.STEPDOWN',
  '$JS.other.API.INFO',
]

/** Of other consumers of the stream: their messages, their acknowledgements, their lives. */
function otherConsumer(consumer: string): string[] {
  return [
    ...['MSG.NEXT', 'CREATE', 'DURABLE.CREATE', 'DELETE', 'PAUSE'].map(
      (verb) => `$JS.API.CONSUMER.${verb}.ORDERS.${consumer}`,
    ),
    `$JS.ACK.ORDERS.${consumer}.1.1.1.1.1`,
  ]
}

const created = '$JS.API.CONSUMER.CREATE'

export const neighbourhoods: readonly Neighbourhood[] = [
  {
    name: 'publish',
    grants: grants.publishCreated,
    publish: [...AROUND_ORDERS, ...otherConsumer('billing'), 'orders.paid', 'orders.created.deep'],
    subscribe: ['orders.created', 'orders.>', '>'],
  },
  {
    name: 'consumer made before',
    grants: grants.useBilling,
    publish: [
      ...AROUND_ORDERS,
      ...otherConsumer('audit'),
      `${created}.ORDERS.billing`,
      `${created}.ORDERS.billing.orders.>`,
      '$JS.API.CONSUMER.DELETE.ORDERS.billing',
      '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.billing',
      '$JS.API.CONSUMER.INFO.ORDERS.audit',
      'orders.created',
    ],
    subscribe: ['orders.created', 'deliver.mail', '$JS.ACK.>', '$JS.API.>', '_INBOX.>'],
  },
  {
    name: 'own consumer with one filter',
    grants: grants.ownFiltered,
    publish: [
      ...AROUND_ORDERS,
      ...otherConsumer('billing'),
      `${created}.ORDERS.mine`,
      `${created}.ORDERS.mine.orders.paid`,
      `${created}.ORDERS.mine.orders.>`,
      `${created}.ORDERS.mine.orders.created.deep`,
      `${created}.ORDERS.other.orders.created`,
      '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.mine',
    ],
  },
  {
    name: 'ordered consumer with one filter',
    grants: grants.ordered,
    publish: [
      ...AROUND_ORDERS,
      ...otherConsumer('billing'),
      `${created}.ORDERS.mine`,
      `${created}.ORDERS.mine.orders.paid`,
      `${created}.ORDERS.mine.orders.>`,
      '$JS.API.CONSUMER.MSG.NEXT.ORDERS.mine',
      '$JS.FC.OTHER.mine.x',
    ],
  },
  {
    name: 'push consumer made before',
    grants: grants.useMail,
    publish: [...AROUND_ORDERS, ...otherConsumer('billing'), '$JS.API.CONSUMER.CREATE.ORDERS.mail'],
    // Without the group, and in another one.
    subscribe: ['deliver.mail', 'deliver.mail others', 'deliver.other mailers', 'deliver.>'],
  },
  {
    name: 'read a subject',
    grants: grants.readCreated,
    publish: [
      ...AROUND_ORDERS,
      ...otherConsumer('billing'),
      '$JS.API.DIRECT.GET.ORDERS.orders.paid',
      '$JS.API.DIRECT.GET.ORDERS.orders.>',
      'orders.created',
    ],
  },
  {
    name: 'kv read',
    grants: grants.kvRead,
    publish: [
      ...bucketApi('carts'),

      '$KV.carts.cart.1',
      '$JS.API.DIRECT.GET.KV_carts.$KV.carts.secret.1',
      '$JS.API.DIRECT.GET.KV_carts.$KV.carts.>',
      `${created}.KV_carts.w.$KV.carts.cart.1`,
      '$JS.API.DIRECT.GET.KV_carts.$KV.carts.cart.*',
    ],
    subscribe: ['$KV.carts.cart.1', '$KV.>'],
  },
  {
    name: 'kv watch',
    grants: grants.kvWatch,
    publish: [
      ...bucketApi('carts'),
      '$KV.carts.cart.1',
      '$JS.API.DIRECT.GET.KV_carts.$KV.carts.cart.1',
      '$JS.API.CONSUMER.MSG.NEXT.KV_carts.w',
      `${created}.KV_carts.w.$KV.carts.secret.1`,
      `${created}.KV_carts.w.$KV.carts.>`,
      `${created}.KV_carts.w`,
      `${created}.KV_carts.w.$KV.carts.cart.*`,
      '$JS.API.CONSUMER.DELETE.KV_carts.w',
    ],
    subscribe: ['$KV.carts.cart.1'],
  },
  {
    name: 'kv write',
    grants: grants.kvWrite,
    publish: [
      ...bucketApi('carts'),
      '$KV.carts.secret.1',
      '$KV.carts.cart.1.deep',
      '$JS.API.DIRECT.GET.KV_carts.$KV.carts.cart.1',
      `${created}.KV_carts.w.$KV.carts.cart.1`,
    ],
    subscribe: ['$KV.carts.cart.1'],
  },
  {
    name: 'objects read',
    grants: grants.osRead,
    publish: [
      '$O.files.C.x',
      '$O.files.M.Yw==',
      '$JS.API.STREAM.PURGE.OBJ_files',
      '$JS.API.STREAM.DELETE.OBJ_files',

      '$JS.API.STREAM.UPDATE.OBJ_files',
      '$JS.API.CONSUMER.DELETE.OBJ_files.x',
      '$JS.API.CONSUMER.MSG.NEXT.OBJ_files.x',
    ],
    subscribe: ['$O.files.>'],
  },
  {
    name: 'objects write',
    grants: grants.osWrite,
    publish: ['$JS.API.STREAM.DELETE.OBJ_files', '$JS.API.STREAM.UPDATE.OBJ_files', '$JS.API.STREAM.CREATE.OBJ_files'],
    subscribe: ['$O.files.>'],
  },
  {
    name: 'service host',
    grants: grants.hostQueued,
    publish: ['shop.top', '$SRV.PING', 'answer.to.nobody'],
    subscribe: [
      'shop.top',
      'shop.top other',
      'shop.other q',
      '$SRV.PING.other',
      '$SRV.>',
      '$SRV.INFO.orders.>.x',
      '$SRV.PING.*',
    ],
  },
  {
    name: 'service discovery by name',
    grants: grants.discoverOrders,
    publish: ['$SRV.PING', '$SRV.INFO', '$SRV.PING.other', '$SRV.PING.orders.id.more', 'shop.top'],
    subscribe: ['$SRV.PING', '$SRV.PING.orders', '$SRV.>'],
  },
  { name: 'service call', grants: grants.callTop, publish: ['shop.other', '$SRV.PING'], subscribe: ['shop.top'] },
].map((place) => ({ ...place, publish: [...place.publish, ...EVERYWHERE] }))

/** What looks after a bucket, and what reads it whole. */
function bucketApi(bucket: string): string[] {
  return [
    'STREAM.CREATE',
    'STREAM.UPDATE',
    'STREAM.DELETE',
    'STREAM.PURGE',
    'STREAM.MSG.GET',
    'STREAM.MSG.DELETE',
    'STREAM.SNAPSHOT',
    'DIRECT.GET',
    'CONSUMER.CREATE',
    'CONSUMER.LIST',
  ].map((request) => `$JS.API.${request}.KV_${bucket}`)
}
