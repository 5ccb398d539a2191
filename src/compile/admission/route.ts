/** `SubjectRoute`, in what the Kubernetes API can check of it. Pure. `src/compile/kinds/subject-route.ts` and `src/route` have the same in full. */
import { list, must, type Admission } from './admission.ts'
import { maxReplies, replyWithin } from './grants.ts'
import { objectName, queueGroups } from './texts.ts'

const MAX_ROUTES = 256
const MAX_LABELS = 32

const VARIABLE = '[{][A-Za-z_][A-Za-z0-9_]*[}]'
const REST = String.raw`[{][A-Za-z_][A-Za-z0-9_]*\.\.\.[}]`
/** Of a path, as requests arrive: what normalisation would change is not in it. */
const IN_SEGMENT = "[A-Za-z0-9_.~!$&'()*+,;=:@%-]|\\[|\\]"

const subject: Admission = {
  description: 'NATS subject; {x} is one token, {x...} one or more and last, {method} the method in lower case',
  minLength: 1,
  maxLength: 256,
  pattern: `^((${VARIABLE}|${String.raw`[^\s\p{Z}\p{Cc}\p{Cf}.{}]+`}|)[.])*(${VARIABLE}|${REST}|${String.raw`[^\s\p{Z}\p{Cc}\p{Cf}.{}]+`}|)$`,
  rules: [
    must(
      `!self.matches('[*>]')`,
      'is no subject of a route: write {name} for one token, {name...} for all that follow',
    ),
    must(
      `!self.startsWith('.') && !self.endsWith('.') && !self.replace('...}', '}').contains('..')`,
      'has an empty token: no "." first or last, no ".."',
    ),
    must(
      `self.split('{method}').size() < 3 && !self.contains('{method...}')`,
      'has {method} twice or as {method...}: a method is one token',
    ),
  ],
}

const path: Admission = {
  description: 'path of the HTTP operation; the variables of the subject stand for whole segments',
  minLength: 1,
  maxLength: 512,
  pattern: `^(/(${VARIABLE}|(${IN_SEGMENT})*))*(/${REST})?$`,
  rules: [
    must(`self.startsWith('/')`, 'is no path of a route: it begins with "/"'),
    must(`!self.matches('[?#]')`, 'has a query or a fragment, which policies do not look at'),
    must(
      `!self.matches('/[.][.]?(/|;|$)')`,
      'has a dot segment, which no request arrives with: write the path that it stands for',
    ),
    must(
      `!self.matches('%(2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9AEae]|00)')`,
      'escapes a character that requests arrive with unescaped: write it as it is',
    ),
    must(`!self.contains('{method}')`, 'has {method}, which is a token of the subject and no part of a path'),
  ],
}

/** What HTTP takes for a method, in upper case. */
const METHOD = "^[A-Z0-9!#$%&'*+.^_`|~-]+$"

const WITHOUT_METHOD = `self.subject.replace('{method}', 'x')`
const IS_ANY = `self.subject.contains('{method}')`

const route: Admission = {
  properties: {
    subject,
    path,
    method: {
      description: 'HTTP method, in upper case; left out where the subject has {method}',
      minLength: 1,
      maxLength: 32,
      pattern: METHOD,
      rules: [
        {
          rule: `self.upperAscii() == self`,
          message: 'is no method: they are upper-case, and compared as they are',
        },
      ],
    },
    grpc: {
      description: 'package.Service/Method, short for POST /package.Service/Method',
      maxLength: 512,
      pattern: '^[A-Za-z_][A-Za-z0-9_.]*/[A-Za-z_][A-Za-z0-9_]*$',
    },
    caller: {
      description:
        'what whoever may do the operation does: publish (default; the workload subscribes and answers), or subscribe (the workload publishes)',
    },
    queue: { ...queueGroups, description: 'queue groups: the side that subscribes does so only as a member of one' },
    maxReplies,
    replyWithin,
  },
  rules: [
    {
      rule: `has(self.grpc) ? !has(self.path) && !has(self.method) : has(self.path)`,
      message: 'has no operation, or two: give method and path, or grpc',
    },
    {
      rule: `has(self.grpc) || has(self.method) != ${IS_ANY}`,
      message: 'has no method, or one beside {method} in its subject: give one of the two',
    },
    { rule: `!has(self.grpc) || !${IS_ANY}`, message: 'has {method} in its subject, and a gRPC call is always POST' },
    {
      rule: `${WITHOUT_METHOD}.split('{').size() == (has(self.path) ? self.path : '').split('{').size()`,
      message: 'is ambiguous: subject and path have the same variables, each once',
    },
    {
      rule: `!has(self.path) || !self.subject.contains('{') || [${WITHOUT_METHOD}, ${WITHOUT_METHOD}.substring(${WITHOUT_METHOD}.lastIndexOf('{') < 0 ? 0 : ${WITHOUT_METHOD}.lastIndexOf('{'))].all(part, self.path.contains(part.find('[{][^}]*[}]')))`,
      message: 'is ambiguous: a variable of the subject is not in the path; {x} and {x...} differ',
      fieldPath: '.path',
    },
  ],
}

const IS_WAYPOINT = `has(self.attachment) && self.attachment == 'waypoint'`

export const subjectRoute: Admission = {
  description:
    'subjects that stand for the HTTP operations of a workload: whoever may do the operation may use the subject',
  properties: {
    workload: {
      description: 'the workload that serves the operations, in the namespace of the route',
      properties: {
        labels: {
          description:
            'labels of its pods, by which policies with a selector choose; needed unless attachment is waypoint',
          maxProperties: MAX_LABELS,
          values: { maxLength: 256 },
        },
        serviceAccount: { ...objectName, description: 'name of the ServiceAccount it runs as, without the namespace' },
      },
    },
    host: {
      maxLength: 512,
      description: 'host that policies see; default <name of the route>.<namespace>.svc.cluster.local',
    },
    port: { description: 'port of the workload, for policies that name ports' },
    attachment: { description: 'who enforces the policies: sidecar (default), or waypoint' },
    service: {
      ...objectName,
      maxLength: 63,
      description: 'Service whose waypoint enforces the policies; with attachment: waypoint',
    },
    gateway: { ...objectName, maxLength: 63, description: 'Gateway of the waypoint; default waypoint' },
    whenNoPolicy: {
      description:
        'what holds when no ALLOW policy selects the workload: Deny (default), or Allow as Istio itself does',
    },
    routes: list(route, MAX_ROUTES, {
      mapKey: 'subject',
      description: 'subjects, and the HTTP operations that they stand for; the more specific subject decides',
    }),
  },
  rules: [
    {
      rule: `!(${IS_WAYPOINT}) || has(self.service)`,
      message: 'attachment: waypoint needs service, the Service whose waypoint enforces the policies',
    },
    ...['service', 'gateway'].map((field) => ({
      rule: `${IS_WAYPOINT} || !has(self.${field})`,
      message: 'goes with attachment: waypoint: policies of a sidecar are chosen by labels',
      fieldPath: `.${field}`,
    })),
    {
      rule: `${IS_WAYPOINT} || has(self.workload.labels)`,
      message: 'needs labels, by which policies choose the pods of a sidecar',
      fieldPath: '.workload',
    },
  ],
}
