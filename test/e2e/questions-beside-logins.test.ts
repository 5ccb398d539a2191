/** `nib serve` as a process, where questions are answered on a thread of their own: whatever they cost, logins go on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, within } from '../../src/dev/deadline.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { nib } from '../support/nib.ts'
import { postQuestion, type HttpAnswer } from '../support/post-question.ts'
import { ASKED_POLICY, startAskedBridge, type AskedBridge } from './support/asked-bridge.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { compileBridge, type CompiledBridge, type ServeProcess } from './support/compiled-bridge.ts'
import { tryLogin } from './support/line-client.ts'
import { LIMIT_MS } from './support/rig.ts'

const natsServer = await natsServerForTests()
/** The thread compiles them when it is asked for the first time. */
const DOCUMENTS = 1000
const FLOOD = 40

function large(documents: number): string {
  const policies = Array.from(
    { length: documents },
    (_, n) => `---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: p${n}, namespace: shop}
spec: {principals: [{serviceAccount: shop/s${n}}], grants: [{publish: [shop.p${n}.>]}, {subscribe: [shop.q${n}.*]}]}
`,
  )
  return ASKED_POLICY + policies.join('')
}

let compiled: CompiledBridge
beforeAll(async () => {
  compiled = await compileBridge()
})
afterAll(() => compiled?.remove())

describe.skipIf(natsServer === undefined)('nib serve', () => {
  let asked: AskedBridge
  let bridge: ServeProcess
  let url = ''

  beforeAll(async () => {
    asked = await startAskedBridge('config+xkey', { withBridge: false, policy: { 'policy.yaml': large(DOCUMENTS) } })
    bridge = compiled.serve(await asked.rig.writeFile('bridge.yaml', asked.rig.bridgeYaml()))
    const lineWith = (text: string) => () => bridge.lines.find((line) => line.includes(text))
    await eventually(lineWith('"msg":"ready"'), LIMIT_MS, `readiness (${bridge.problems()})`)
    const { admin } = JSON.parse(await eventually(lineWith('"msg":"started"'), LIMIT_MS, 'the start')) as {
      admin: number
    }
    url = `https://127.0.0.1:${admin}`
  })
  afterAll(async () => {
    bridge?.kill('SIGKILL')
    await asked?.rig.stop()
  })

  const ask = (question: string, body: object | string): Promise<HttpAnswer> =>
    postQuestion(`${url}/v1/${question}`, body, { ca: asked.authority.cert, ...asked.auditor })

  test('lets people in while the first question has a whole policy compiled, and sheds what cannot wait', async () => {
    const token = await asked.rig.token()
    const answers: HttpAnswer[] = []
    let first: number | undefined
    const logins: string[] = []
    const flood = Array.from({ length: FLOOD }, async () => {
      const answer = await ask('what-can', { principal: 'shop/s7' })
      if (answer.status === 200) first ??= logins.length
      answers.push(answer)
    })
    while (first === undefined) logins.push(await tryLogin(asked.rig.env.server.port, { auth_token: token }))
    await Promise.all(flood)
    const count = (status: number): number => answers.filter((answer) => answer.status === status).length
    expect([count(200) + count(429), count(200) >= 16, count(429) > 0]).toEqual([FLOOD, true, true])
    const shed = answers.find(({ status }) => status === 429)
    expect([shed?.headers['retry-after'], shed?.text]).toEqual(['1', expect.stringContaining('ask again')])
    expect(new Set(logins)).toEqual(new Set(['in']))
    // On one thread none would have come through until the first answer was there.
    expect(first).toBeGreaterThan(5)
  })

  test('answers on its thread what the files answer, also after the policy changed', async () => {
    const { policyFolder, writePolicy } = asked.rig
    const offline = async () => (await nib(['what-can', 'shop/s7', '--json', '--policies', policyFolder])).out
    const before = await offline()
    expect((await ask('what-can', { principal: 'shop/s7' })).text).toBe(before)
    await writePolicy('policy.yaml', ASKED_POLICY)
    const changed = (): true | undefined =>
      bridge.lines.filter((line) => line.includes('policy-changed')).length > 1 || undefined
    await eventually(changed, LIMIT_MS, 'the change')
    const after = await offline()
    expect(after).not.toBe(before)
    expect((await ask('what-can', { principal: 'shop/s7' })).text).toBe(after)
  })

  test('ends well while a question is under way', async () => {
    await asked.rig.writePolicy('policy.yaml', large(DOCUMENTS + 1))
    const changed = (): true | undefined =>
      bridge.lines.filter((line) => line.includes('policy-changed')).length > 2 || undefined
    await eventually(changed, LIMIT_MS, 'the change')
    const under = ask('what-can', { principal: 'shop/s7' }).catch(() => undefined)
    bridge.kill('SIGTERM')
    expect(await within(bridge.ended(), LIMIT_MS, 'the end')).toBe(0)
    await under
  })
})

test('an answer that takes too long, or too much memory, costs that question and no other', async () => {
  const folder = tempFolder()
  const [largeFile, smallFile] = [folder.write('large.yaml', large(1500)), folder.write('small.yaml', ASKED_POLICY)]
  const process = compiled.run(`
    import { readFileSync } from 'node:fs'
    import { createAnswerWorker } from './dist/serve/answer-worker.js'
    import { answeringWith } from './dist/serve/create-answering.js'
    import { createCompiler } from './dist/compile/index.js'
    import { sha256Hex } from './dist/serve/sha256.js'
    const settings = { trustDomains: { local: 'cluster.local', aliases: [] }, rootNamespace: 'istio-system', forbiddenAccounts: [], accounts: ['SHOP'] }
    const compile = createCompiler({ ...settings, hash: sha256Hex })
    const sourcesOf = (file) => {
      const texts = [{ file, text: readFileSync(file, 'utf8') }]
      return { texts, objects: [], snapshotId: compile(texts).snapshot.id }
    }
    const question = () => ({ ask: 'what-can', body: Buffer.from('{"principal":"shop/orders"}') })
    const large = sourcesOf(${JSON.stringify(largeFile)})
    const small = sourcesOf(${JSON.stringify(smallFile)})
    const objectOf = (value) => ({ value, mistakes: [], locate: () => undefined })
    const accountMap = { apiVersion: 'nats-identity-bridge.dev/v1alpha1', kind: 'AccountMap', metadata: { name: 'lab' } }
    const accounts = [{ account: 'SHOP', principals: [{ namespace: 'shop' }] }]
    const objects = [objectOf({ ...accountMap, spec: { accounts } })]
    const cluster = { texts: [], objects, snapshotId: compile([], objects).snapshot.id }
    const tell = (reply) => console.log(JSON.stringify([reply.outcome, reply.code]))
    for (const limits of [{ answerMs: 50, idleMs: 100, memoryMiB: 512 }, { answerMs: 20000, idleMs: 100, memoryMiB: 16 }]) {
      const worker = createAnswerWorker(settings, limits)
      tell(await worker.answer(question(), large))
      if (limits.memoryMiB === 16) continue
      const patient = createAnswerWorker(settings, { ...limits, answerMs: 20000 })
      tell(await patient.answer(question(), small))
      tell(await patient.answer(question(), { ...small, snapshotId: 'another' }))
      tell(await patient.answer(question(), small))
      tell(await patient.answer(question(), cluster))
    }
  `)
  expect(await within(process.ended(), 25_000, 'the end')).toBe(0)
  expect(process.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    ['unavailable', 'answer-too-long'],
    ['answered', null],
    ['failed', 'answering-failed'],
    ['answered', null],
    ['answered', null],
    ['failed', 'answering-failed'],
  ])
})
