/** `jetstream` in a grant, in what the Kubernetes API can check of it. Pure. `src/compile/grants/jetstream*.ts` has the same in full. */
import { list, type Admission, type AdmissionRule } from './admission.ts'
import { everythingOrNothing, isTrue, saysSomething, wholeStreamRules } from './resource-rules.ts'
import { inAllow, inDeny } from './spec-rule.ts'
import { domainName, queueGroups, resourceName, subjectPattern } from './texts.ts'

const MAX_SUBJECTS = 64

const consume: Admission = {
  properties: {
    consumer: resourceName,
    filter: {
      ...subjectPattern,
      rules: [
        ...(subjectPattern.rules ?? []),
        {
          rule: `self != '*' && !self.endsWith('.*')`,
          message: 'ends in *, which JetStream would let widen to >: write > if all of that may be read',
        },
      ],
    },
    deliver: subjectPattern,
    queue: { ...queueGroups, description: 'deliver groups: subscribe to deliver only as a member of one of them' },
  },
  rules: [
    {
      rule: `has(self.consumer) != ${isTrue('ordered')}`,
      message:
        'has neither or both of consumer and ordered: give consumer, or ordered: true for readers that keep their place',
    },
    {
      rule: `!has(self.filter) || ${isTrue('create')} || ${isTrue('ordered')}`,
      message: 'goes with create or ordered only: a consumer made before has its own filter',
      fieldPath: '.filter',
    },
    {
      rule: `!${isTrue('ordered')} || !(has(self.create) || has(self.push) || has(self.deliver) || has(self.queue))`,
      message:
        'create, push, deliver and queue do not go with ordered: such a consumer is created anew each time, for the own inbox',
      fieldPath: '.ordered',
    },
    {
      rule: `!has(self.deliver) || ${isTrue('push')}`,
      message: 'goes with push: true only',
      fieldPath: '.deliver',
    },
    { rule: `!has(self.queue) || has(self.deliver)`, message: 'goes with deliver only', fieldPath: '.queue' },
    {
      rule: `!${isTrue('push')} || has(self.deliver) || ${isTrue('create')}`,
      message: 'needs deliver, the subject that the consumer delivers to',
      fieldPath: '.push',
    },
  ],
}

const CREATES = `(${isTrue('create', 'self.consume')} || ${isTrue('ordered', 'self.consume')})`

export const jetstream: Admission = {
  properties: {
    stream: resourceName,
    domain: domainName,
    publish: list(subjectPattern, MAX_SUBJECTS),
    consume,
    read: list(subjectPattern, MAX_SUBJECTS),
  },
  rules: [
    saysSomething(['publish', 'consume', 'read'], ['admin', 'streamNames'], 'publish, consume, read or admin'),
    ...wholeStreamRules(['read'], ['consume', 'read']),
    {
      rule: `!has(self.consume) || ${isTrue('wholeStream')} || !${CREATES} || has(self.consume.filter)`,
      message:
        'reaches every message of the stream: give the one filter that the consumer has, or say wholeStream: true',
      fieldPath: '.consume',
    },
    {
      rule: `!has(self.consume) || !${isTrue('wholeStream')} || !has(self.consume.filter)`,
      message: 'has a filter, which narrows nothing beside wholeStream: true: remove one of the two',
      fieldPath: '.consume',
    },
  ],
}

export const jetstreamSpecRules: readonly AdmissionRule[] = [
  inAllow({
    verb: 'jetstream',
    holds: `grant.jetstream.stream != '*'`,
    message: 'jetstream.stream is "*": name one stream, and write one grant for each',
  }),
  inAllow({
    verb: 'jetstream',
    holds: `!has(grant.jetstream.consume) || !has(grant.jetstream.consume.consumer) || grant.jetstream.consume.consumer != '*' || ${isTrue('wholeStream', 'grant.jetstream')}`,
    message:
      'jetstream.consume.consumer is "*", and so reaches every message of the stream: name one consumer, or say wholeStream: true',
  }),
  inDeny({
    verb: 'jetstream',
    holds: `!has(grant.jetstream.wholeStream) && ${everythingOrNothing('jetstream', 'read')}`,
    message:
      'in a DENY jetstream.read is [">"] and wholeStream is left out: single subjects cannot be kept from a reader of others',
  }),
  inDeny({
    verb: 'jetstream',
    holds: `!has(grant.jetstream.consume) || has(grant.jetstream.consume.consumer) && !(${[
      'create',
      'ordered',
      'filter',
      'push',
      'deliver',
      'queue',
    ]
      .map((field) => `has(grant.jetstream.consume.${field})`)
      .join(' || ')})`,
    message: 'in a DENY jetstream.consume has consumer alone: one, or "*" for every way to read the stream',
  }),
]
