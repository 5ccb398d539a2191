/**
 * What the grants promise, done by real clients on a real server under exactly the compiled permissions; and what the clients said
 * on the wire meanwhile, `test/golden/recording/<line>.txt`. REFRESH_GOLDEN=1 writes these anew, for a new client version.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../src/subject/index.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { pattern } from '../support/policy-arbitraries.ts'
import { withoutChance } from './call.ts'
import { compileGrants } from './compiled.ts'
import { recordedCalls, type Recording } from './lines.ts'
import { openStage, type Stage } from './stage.ts'

const GOLDEN = new URL('../golden/recording/', import.meta.url)
const OLDEST = '2.10.26'
const AT_ONCE = 4
const LIMIT_MS = 120_000

for (const version of [undefined, OLDEST]) {
  const binary = await natsServerForTests(version)

  describe.skipIf(binary === undefined)(`on nats-server ${binary?.version}`, () => {
    const recordings: Recording[] = []
    let stage: Stage
    beforeAll(async () => {
      stage = await openStage(version, recordedCalls)
      const left = [...recordedCalls.entries()]
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let next = left.shift(); next !== undefined; next = left.shift()) {
            const [account, call] = next
            const owner = await stage.furnish(account)
            recordings[account] = await call.record(stage.login(account), owner)
            await owner.close()
          }
        }),
      )
    }, LIMIT_MS)
    afterAll(() => stage.stop())

    test.each(recordedCalls.map(({ line, name }, index) => ({ line, name, index })))(
      '$line: $name works without a permission error',
      ({ index }) => {
        expect(recordings[index]?.problems).toEqual([])
      },
    )

    test.skipIf(version !== undefined).each([...new Set(recordedCalls.map(({ line }) => line))])(
      '%s says on the wire what its golden file says',
      (line) => {
        const text = recordedCalls.flatMap((call, index) =>
          call.line === line ? [spell(call.name, recordings[index])] : [],
        )
        const golden = new URL(`${line.replace('@', '')}.txt`, GOLDEN)
        const written = text.join('\n')
        if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(golden, written)
        expect(written).toBe(readFileSync(golden, 'utf8'))
      },
    )

    test.skipIf(version !== undefined)('nothing is allowed that no client uses, but what is listed here', () => {
      const said = recordings.flatMap((recording) => recording.said.map(withoutNames))
      const allowed = recordedCalls.flatMap(({ grants }) => allowedBy(grants, stage.version).map(withoutNames))
      const unused = [...new Set(allowed)].filter((entry) => !said.some((one) => isUseOf(entry, one)))
      expect(unused.toSorted()).toEqual(UNUSED)
    })
  })
}

/** Each is what nats.go uses for a promise that the recorded clients keep in another way. */
const UNUSED = [
  'PUB $JS.API.CONSUMER.NAMES.S',
  'PUB $JS.API.DIRECT.GET.OBJ_x.$O.x.M.>',
  'PUB $JS.API.STREAM.UPDATE.KV_x',
]

/** Grants of one shape for different buckets, stores and consumers are one. */
function withoutNames(entry: string): string {
  return entry
    .replaceAll(/\b(carts|plain|files|fresh)\b/g, 'x')
    .replaceAll(/_(carts|plain|files|fresh)\b/g, '_x')
    .replaceAll(/\b(?:ORDERS|FRESH)\b/g, 'S')
    .replaceAll(/\b(?:billing|mail|mine|made)\b/g, 'C')
}

function spell(name: string, recording: Recording | undefined): string {
  const said = new Set(recording?.said.map(withoutChance))
  return `${name}\n${[...said].map((one) => `  ${one}\n`).join('')}`
}

function allowedBy(grants: readonly string[], version: string): string[] {
  const { pub, sub } = compileGrants({ grants }, version).permissions
  return [...pub.allow.map((entry) => `PUB ${entry}`), ...sub.allow.map((entry) => `SUB ${entry}`)]
}

function isUseOf(entry: string, said: string): boolean {
  const [verb, allowed = ''] = entry.split(' ')
  const [action, subject = ''] = said.split(' ')
  return verb === action && covers(pattern(allowed), pattern(subject))
}
