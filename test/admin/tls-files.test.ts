/** Certificates of the operator's door as Kubernetes mounts and swaps them. */
import { describe, expect, test } from 'vitest'
import { openTlsFiles, type AdminTls, type TlsMaterial } from '../../src/admin/tls-files.ts'
import { eventually } from '../../src/dev/deadline.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LIMIT_MS = 5_000
const authority = createTestAuthority()
const pair = (): { readonly cert: string; readonly key: string } => authority.issue({ dnsNames: ['nib'] })
const FAST = { pollMs: 20, settleMs: 5 }

async function open(settings: AdminTls) {
  const told: Diagnostic[] = []
  const files = await openTlsFiles(settings, { log: (diagnostic) => void told.push(diagnostic), watching: FAST })
  return { files, told }
}

describe('the certificate files', () => {
  test.for<[string, (good: { cert: string; key: string }) => Record<string, string>, string]>([
    ['without a certificate', ({ key }) => ({ 'tls.key': key }), 'admin.tls.certFile does not exist'],
    ['without a key', ({ cert }) => ({ 'tls.crt': cert }), 'admin.tls.keyFile does not exist'],
    ['of two pairs', ({ cert }) => ({ 'tls.crt': cert, 'tls.key': pair().key }), 'cannot be used: '],
    ['that are no PEM', () => ({ 'tls.crt': 'no certificate', 'tls.key': 'no key' }), 'cannot be used: '],
    ['without client roots', ({ cert, key }) => ({ 'tls.crt': cert, 'tls.key': key }), 'clientCaFile does not exist'],
    [
      'whose client roots are no certificates',
      ({ cert, key }) => ({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': 'no certificate' }),
      'clientCaFile holds no certificates',
    ],
  ])('%s are refused at the start', async ([, content, expected]) => {
    const folder = tempFolder()
    for (const [name, text] of Object.entries(content(pair()))) folder.write(name, text)
    const { files } = await open({
      certFile: folder.at('tls.crt'),
      keyFile: folder.at('tls.key'),
      clientCaFile: folder.at('ca.crt'),
    })
    expect(files.ok ? [] : files.error).toEqual([
      expect.objectContaining({ code: 'admin-tls-unusable', message: expect.stringContaining(expected) }),
    ])
    expect(JSON.stringify(files)).not.toContain('PRIVATE KEY')
  })

  test('are taken up when the kubelet swaps them, and kept when what comes is broken', async () => {
    const folder = tempFolder()
    const [first, second] = [pair(), pair()]
    const mount = (version: string, { cert, key }: typeof first): void =>
      folder.mount(version, { 'tls.crt': cert, 'tls.key': key })
    mount('one', first)
    const { files, told } = await open({ certFile: folder.at('tls.crt'), keyFile: folder.at('tls.key') })
    if (!files.ok) throw new Error(JSON.stringify(files.error))
    const used: TlsMaterial[] = []
    files.value.onChange((material) => void used.push(material))
    expect(files.value.current()).toEqual(first)
    mount('two', { cert: second.cert, key: first.key })
    await eventually(() => told[0], LIMIT_MS, 'a word')
    expect([told[0]?.message, files.value.current()]).toEqual([
      expect.stringContaining('what was read before stays in use'),
      first,
    ])
    mount('three', second)
    await eventually(() => used[0], LIMIT_MS, 'the change')
    expect([used, files.value.current(), told.at(-1)?.code]).toEqual([[second], second, 'admin-tls-changed'])
    files.value.close()
  })
})
