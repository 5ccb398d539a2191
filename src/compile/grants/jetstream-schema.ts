/** The fields of `jetstream`, as they are written. */
import { z } from 'zod'
import { pattern, patterns, queues } from '../values/pattern.ts'
import { consumerName, domainName, streamName } from '../values/resource-names.ts'

const consume = z
  .strictObject({
    consumer: consumerName
      .optional()
      .describe(
        'name of the consumer: one that is there already, or with create: true an own one; "*" (every one) needs wholeStream',
      ),
    create: z
      .boolean()
      .optional()
      .describe('may also create, change and delete this consumer; needs filter, or wholeStream'),
    ordered: z
      .boolean()
      .optional()
      .describe(
        'ordered push consumers, whose names are random; needs filter, or wholeStream, which allows ordered pull consumers too',
      ),
    filter: pattern
      .optional()
      .describe(
        'the one filter that consumers created under this grant have; may not end in *, as JetStream would let that widen to >',
      ),
    push: z.boolean().optional().describe('a push consumer: delivered to the own inbox, or to deliver'),
    deliver: pattern.optional().describe('subject that the push consumer delivers to'),
    queue: queues.optional().describe('deliver groups: subscribe to deliver only as a member of one of them'),
  })
  .describe('read the stream through a consumer; in a DENY only consumer is given, "*" for every way to read')

export const jetstreamSchema = z
  .strictObject({
    stream: streamName,
    domain: domainName.optional(),
    publish: patterns.optional().describe('subjects to publish to, with the acknowledgement of the stream'),
    consume: consume.optional(),
    read: patterns.optional().describe('subjects whose last message may be fetched, from a stream with direct access'),
    admin: z
      .boolean()
      .optional()
      .describe(
        'create, change, purge and delete the stream; whoever configures a stream can copy any subject of the account into it',
      ),
    wholeStream: z
      .boolean()
      .optional()
      .describe('consume and read may reach every message: needed for what subjects cannot scope'),
    streamNames: z
      .boolean()
      .optional()
      .describe(
        'may ask which stream has a subject, and so see the names of all streams: old clients do unless told the stream',
      ),
  })
  .describe('a JetStream stream, and what is done with it')

export type JetStreamFields = z.output<typeof jetstreamSchema>
