/**
 * What an account has of JetStream, asked of the JetStream API page by page, and its imports and exports, asked of the system account.
 * Refuses half an answer: a page that is missing, a stream that no server answers for, an answer that is none.
 */
import { z } from 'zod'
import { err, ok, type Result } from '../lib/result.ts'
import type { TopologyText } from '../audit/topology.ts'

/** Asks and gives back the answer; fails as the connection does. */
export type Ask = (subject: string, body: string) => Promise<string>

type AccountText = TopologyText['accounts'][string]
type StreamText = NonNullable<AccountText['streams']>[number]
type ConsumerText = NonNullable<StreamText['consumers']>[number]

/** Pages that a list may have, of 256 entries as servers give them. */
const MOST_PAGES = 4_000
/** `JetStream not enabled for account`. */
const NOT_ENABLED = 10_039

const transform = z.object({ src: z.string().default(''), dest: z.string().default('') })
const source = z.object({
  name: z.string(),
  filter_subject: z.string().default(''),
  subject_transforms: z.array(transform).default([]),
  external: z.object({ api: z.string() }).optional(),
})
const streamConfig = z.object({
  name: z.string(),
  subjects: z.array(z.string()).default([]),
  allow_direct: z.boolean().default(false),
  mirror_direct: z.boolean().default(false),
  no_ack: z.boolean().default(false),
  allow_msg_schedules: z.boolean().default(false),
  storage: z.enum(['file', 'memory']),
  subject_transform: transform.optional(),
  republish: transform.optional(),
  mirror: source.optional(),
  sources: z.array(source).default([]),
})
const consumerInfo = z.object({
  name: z.string(),
  config: z.object({
    durable_name: z.string().optional(),
    filter_subject: z.string().default(''),
    filter_subjects: z.array(z.string()).default([]),
    deliver_subject: z.string().optional(),
    deliver_group: z.string().optional(),
    priority_groups: z.array(z.string()).optional(),
  }),
  priority_groups: z.array(z.object({ pinned_client_id: z.string().optional() })).default([]),
})
const page = z.object({ total: z.number(), missing: z.array(z.string()).nullish() })
const streamPage = page.extend({ streams: z.array(z.object({ config: streamConfig })).nullish() })
const consumerPage = page.extend({ consumers: z.array(consumerInfo).nullish() })
const refused = z.object({ error: z.object({ err_code: z.number().optional(), description: z.string().default('') }) })

/** Streams with their consumers; none, and no JetStream, where the account has none. */
export async function collectStreams(ask: Ask): Promise<Result<Pick<AccountText, 'jetStream' | 'streams'>, string>> {
  const configs = await pages(ask, '$JS.API.STREAM.LIST', streamPage, ({ streams }) => streams ?? [])
  if (!configs.ok)
    return configs.error === NOT_ENABLED ? ok({ jetStream: false, streams: [] }) : err(String(configs.error))
  const streams: StreamText[] = []
  for (const { config } of configs.value) {
    const subject = `$JS.API.CONSUMER.LIST.${config.name}`
    const found = await pages(ask, subject, consumerPage, ({ consumers }) => consumers ?? [])
    if (!found.ok) return err(String(found.error))
    streams.push({ ...streamText(config), consumers: found.value.map(consumerText) })
  }
  return ok({ jetStream: true, streams: streams.toSorted((a, b) => (a.name < b.name ? -1 : 1)) })
}

/** @returns all entries; or the error code of the API, or what is wrong with the answer. */
async function pages<T extends z.infer<typeof page>, E>(
  ask: Ask,
  subject: string,
  schema: z.ZodType<T>,
  entriesOf: (page: T) => readonly E[],
): Promise<Result<readonly E[], string | number>> {
  const found: E[] = []
  for (let count = 0; count < MOST_PAGES; count++) {
    const answer = jsonOf(await ask(subject, JSON.stringify({ offset: found.length })))
    const problem = refused.safeParse(answer)
    if (problem.success) {
      const { err_code: code, description } = problem.data.error
      return err(code === NOT_ENABLED ? NOT_ENABLED : `${subject}: ${description}`)
    }
    const parsed = schema.safeParse(answer)
    if (!parsed.success) return err(`${subject}: the answer is no list`)
    const missing = parsed.data.missing ?? []
    if (missing.length > 0) return err(`${subject}: no server answers for ${missing.join(', ')}`)
    const entries = entriesOf(parsed.data)
    found.push(...entries)
    if (found.length >= parsed.data.total || entries.length === 0) return ok(found)
  }
  return err(`${subject}: more than ${MOST_PAGES} pages`)
}

function streamText(config: z.infer<typeof streamConfig>): StreamText {
  const { name, subjects, storage, subject_transform: renamed, republish, mirror, sources } = config
  return {
    name,
    subjects,
    allowDirect: config.allow_direct,
    ...(config.mirror_direct ? { mirrorDirect: true } : {}),
    ...(config.no_ack ? { noAck: true } : {}),
    ...(config.allow_msg_schedules ? { allowSchedules: true } : {}),
    storage,
    ...(renamed === undefined ? {} : { subjectTransform: mapText(renamed) }),
    ...(republish === undefined ? {} : { republish: mapText(republish) }),
    ...(mirror === undefined ? {} : { mirror: sourceText(mirror) }),
    ...(sources.length === 0 ? {} : { sources: sources.map(sourceText) }),
  }
}

/** No source is every subject. */
function mapText({ src, dest }: z.infer<typeof transform>): { source: string; destination: string } {
  return { source: src === '' ? '>' : src, destination: dest }
}

function sourceText(config: z.infer<typeof source>): NonNullable<StreamText['mirror']> {
  const { name, filter_subject: filter, subject_transforms: transforms, external } = config
  const maps = [...(filter === '' ? [] : [{ source: filter, destination: '' }]), ...transforms.map(mapText)]
  return {
    stream: name,
    ...(maps.length === 0 ? {} : { maps }),
    ...(external === undefined ? {} : { apiPrefix: external.api }),
  }
}

function consumerText({ name, config, priority_groups: groups }: z.infer<typeof consumerInfo>): ConsumerText {
  const filters = [...(config.filter_subject === '' ? [] : [config.filter_subject]), ...config.filter_subjects]
  const pinnedBy = groups.find((group) => group.pinned_client_id !== undefined)?.pinned_client_id
  return {
    name,
    ...(filters.length === 0 ? {} : { filterSubjects: filters }),
    ...(config.deliver_subject === undefined ? {} : { deliverSubject: config.deliver_subject }),
    ...(config.deliver_group === undefined ? {} : { deliverGroup: config.deliver_group }),
    ...(config.durable_name === undefined ? {} : { durable: true }),
    ...(config.priority_groups === undefined ? {} : { priorityGroups: config.priority_groups }),
    ...(pinnedBy === undefined ? {} : { pinnedBy }),
  }
}

const border = z.object({ type: z.enum(['stream', 'service']), subject: z.string() })
const accountInfo = z.object({
  data: z.object({
    is_system: z.boolean().default(false),
    jetstream_enabled: z.boolean().default(false),
    imports: z
      .array(
        border.extend({
          account: z.string(),
          local_subject: z.string().default(''),
          invalid: z.boolean().default(false),
        }),
      )
      .nullish(),
    exports: z.array(border.extend({ approved_accounts: z.array(z.string()).nullish() })).nullish(),
  }),
})

/** @param names of the accounts by what the server calls them; an account that is not among them keeps the server's word. */
export async function collectBorders(
  ask: Ask,
  account: string,
  names: ReadonlyMap<string, string>,
): Promise<Result<Pick<AccountText, 'jetStream' | 'imports' | 'exports'>, string>> {
  const info = await infoOf(ask, account)
  if (!info.ok) return info
  const { jetstream_enabled: jetStream, imports, exports } = info.value
  const kept: NonNullable<AccountText['imports']> = []
  const system = new Set<string>()
  for (const exporter of new Set((imports ?? []).map((one) => one.account))) {
    const other = await infoOf(ask, exporter)
    if (!other.ok) return other
    if (other.value.is_system) system.add(exporter)
  }
  for (const { type: kind, account: exporter, subject, local_subject: local, invalid } of imports ?? []) {
    // What every account has of the system account: the JetStream API, and questions about itself.
    if (invalid || system.has(exporter)) continue
    kept.push({ kind, account: names.get(exporter) ?? exporter, subject, localSubject: local === '' ? subject : local })
  }
  return ok({
    jetStream,
    imports: kept,
    exports: (exports ?? []).map(({ type: kind, subject, approved_accounts: approved }) => ({
      kind,
      subject,
      ...(approved == null || approved.length === 0 ? {} : { accounts: approved.map((one) => names.get(one) ?? one) }),
    })),
  })
}

async function infoOf(ask: Ask, account: string): Promise<Result<z.infer<typeof accountInfo>['data'], string>> {
  const subject = `$SYS.REQ.ACCOUNT.${account}.INFO`
  const parsed = accountInfo.safeParse(jsonOf(await ask(subject, '')))
  return parsed.success ? ok(parsed.data.data) : err(`${subject}: the answer says nothing of an account`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
