/**
 * The page on asking a running bridge: its configuration and policy run, its commands are asked, and print what the page shows.
 * REFRESH_GOLDEN=1 writes what they print into the page; read the difference before it is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isJsonObject } from '../../src/lib/json.ts'
import { QUESTIONS_PERMISSIONS } from '../../src/server-config/permissions.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { nib } from '../support/nib.ts'
import { startAskedBridge, type AskedBridge } from './support/asked-bridge.ts'
import { WHATEVER_MODE } from './support/rig.ts'

const PAGE = new URL('../../docs/asking-a-running-bridge.md', import.meta.url)
const FILE = /^```yaml\n# (\S+)\n([^]*?)^```$/gm
const CONSOLE = /^```console\n([^]*?)^```$/gm
const BRIDGE = 'https://nib.nats.svc:9222'
const natsServer = await natsServerForTests()

const page = readFileSync(PAGE, 'utf8')
const files = new Map([...page.matchAll(FILE)].map(([, name = '', text = '']) => [name, text]))

function fragment(name: string, field: string): object {
  const value: unknown = parse(files.get(name) ?? '')
  const found = isJsonObject(value) ? value[field] : undefined
  if (!isJsonObject(found)) throw new Error(`${name} has no ${field}`)
  return found
}

describe.skipIf(natsServer === undefined)('docs/asking-a-running-bridge.md', () => {
  let asked: AskedBridge

  beforeAll(async () => {
    const { auditors } = fragment('bridge.yaml', 'admin') as { auditors: unknown }
    const policy = [...files].filter(([name]) => name.startsWith('policy/'))
    asked = await startAskedBridge(WHATEVER_MODE[0] ?? 'config', {
      policy: Object.fromEntries(policy.map(([name, text]) => [name.replace('policy/', ''), `# ${name}\n${text}`])),
      overlay: {
        admin: { tls: { certFile: 'admin.crt', keyFile: 'admin.key', clientCaFile: 'admin-ca.crt' }, auditors },
      },
    })
    await asked.untilOnNats()
  })
  afterAll(() => asked?.rig.stop())

  test('has sections that a bridge takes', async () => {
    const { rig } = asked
    for (const name of ['tls/tls.crt', 'tls/tls.key', 'tls/ca.crt']) expect(files.get('bridge.yaml')).toContain(name)
    const { nats } = fragment('questions.yaml', 'questions') as { nats: object }
    const credentials = { nkeySeedFile: rig.env.file('questions.nk') }
    expect(await rig.tryBridge({ questions: { nats: { ...nats, credentials } } })).toHaveProperty('whenReady')
    await rig.stopBridges()
    await rig.startBridge()
  })

  test('gives the user of the micro service what nib server-config gives it', () => {
    const [, listed = ''] = /^```\nOPS: {[^]*?subscribe: { allow: \[([^\]]*)/m.exec(page) ?? []
    expect([...listed.matchAll(/"([^"]+)"/g)].map(([, subject]) => subject).toSorted()).toEqual(
      QUESTIONS_PERMISSIONS.subscribe.allow?.toSorted(),
    )
    expect(page).toContain(
      `allow_responses: { max: ${QUESTIONS_PERMISSIONS.reply?.max}, expires: "${QUESTIONS_PERMISSIONS.reply?.seconds}s" }`,
    )
  })

  test('shows what the commands print', async () => {
    const token = await asked.rig.writeFile('token', await asked.rig.token('ops/auditor'))
    const inbox = await asked.auditorInbox()
    let written = page
    for (const [block, shown = ''] of page.matchAll(CONSOLE)) {
      const commands = shown.split('\n').filter((line) => line.startsWith('$ '))
      const runs: string[] = []
      for (const command of commands) runs.push(`${command}\n${await printed(command, token, inbox)}`)
      const now = `\`\`\`console\n${runs.join('').trimEnd()}\n\`\`\``
      written = written.replace(block, () => now)
    }
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(PAGE, written)
    expect(page).toBe(written)
  })

  /** What a shell would show, of the few things that the page asks of one. */
  async function printed(command: string, token: string, inbox: string): Promise<string> {
    const [, line = '', head] = /^\$ (.*?)(?: \| head -(\d+))?$/.exec(command) ?? []
    const out = line.startsWith('nib ')
      ? await printedByNib(line, token, inbox)
      : line.startsWith('curl ')
        ? await printedByCurl(line, token)
        : ''
    const lines = out.replaceAll(`${asked.rig.policyFolder}/`, 'policy/').trimEnd().split('\n')
    const text = (head === undefined ? lines : lines.slice(0, Number(head))).join('\n')
    return text === '' ? '' : `${text}\n`
  }

  async function printedByNib(line: string, token: string, inbox: string): Promise<string> {
    const places = new Map([
      [BRIDGE, asked.url()],
      ['ca.crt', asked.files.clientCaFile],
      ['token', token],
      ['nats://nats:4222', asked.rig.env.server.url],
    ])
    const argv = line.split(' ').slice(1)
    const { out, problems } = await nib(
      argv.map((word) => (word.startsWith('_INBOX_') ? inbox : (places.get(word) ?? word))),
    )
    expect(problems).toBe('')
    return out
  }

  async function printedByCurl(line: string, tokenFile: string): Promise<string> {
    const [, body = ''] = /--json '([^']*)'/.exec(line) ?? []
    const [, ask = ''] = /\/v1\/([\w-]+)/.exec(line) ?? []
    const token = line.includes('--oauth2-bearer') ? { token: readFileSync(tokenFile, 'utf8') } : {}
    return (await asked.post(ask, body, token)).text
  }
})
