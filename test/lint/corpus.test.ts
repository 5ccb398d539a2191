/**
 * Real policies of other people, where a checkout has them beside it (or NIB_CORPUS names the folder): every kind of mistake that
 * was seen in them by eye is found in as many of them, and the rest is left in peace.
 */
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/lint/index.ts'
import { corpusFiles } from '../support/corpus.ts'
import { lintFiles } from './support.ts'

const files = corpusFiles('authorization-policy')

/** Each file by itself, as they come from different clusters. */
const findings: readonly Finding[] = files.flatMap((source) => lintFiles([source]).findings)

function documentsWith(code: string, severity?: string): number {
  const found = findings.filter(
    (finding) => finding.code === code && (severity ?? finding.severity) === finding.severity,
  )
  return new Set(found.map(({ file, namespace, name }) => JSON.stringify([file, namespace, name]))).size
}

function repositoriesWith(code: string): number {
  return new Set(findings.filter((finding) => finding.code === code).map(({ file }) => file?.split('__')[0])).size
}

describe.skipIf(files.length === 0)('policies of real teams', () => {
  test('"from" and "to" as two rules: 13 documents of 4 repositories, and no other', () => {
    expect([documentsWith('istio-from-to-split'), repositoriesWith('istio-from-to-split')]).toEqual([13, 4])
  })

  test('stars that Istio reads as text, in all repositories that have them', () => {
    expect(repositoriesWith('istio-literal-star')).toBe(4)
  })

  test('a deny in the name or comment that is none', () => {
    expect(documentsWith('istio-deny-that-allows', 'error')).toBe(1)
    expect(documentsWith('istio-deny-that-allows', 'warning')).toBe(2)
    expect(documentsWith('istio-deny-all-partial')).toBe(2)
  })

  test('"- {}" that was meant to deny the rest', () => {
    expect(documentsWith('istio-allow-all-rule', 'error')).toBe(1)
  })

  test('wide rules that make narrow ones void, each looked at by eye', () => {
    expect(repositoriesWith('istio-voids-narrow')).toBe(10)
  })

  test('what Istio refuses, and fields it drops in silence', () => {
    expect(documentsWith('istio-refused', 'error')).toBe(9)
    expect(documentsWith('istio-unknown-key')).toBe(2)
    expect(documentsWith('istio-unknown-field')).toBe(2)
  })

  test('a DENY with nothing but HTTP, as Istio itself warns', () => {
    expect(documentsWith('istio-deny-shuts-tcp')).toBe(13)
  })

  test('rules for calls that leave the workload', () => {
    expect(documentsWith('istio-outbound')).toBe(2)
  })

  test('one ServiceAccount for all workloads', () => {
    const perRepository = new Map<string, number>()
    for (const { code, file = '' } of findings) {
      if (code === 'istio-default-service-account') perRepository.set(file, (perRepository.get(file) ?? 0) + 1)
    }
    expect(Math.max(...perRepository.values())).toBe(7)
  })

  test('seven documents of ten have nothing above info', () => {
    const loud = new Set(
      findings
        .filter(({ severity, kind }) => severity !== 'info' && kind === 'AuthorizationPolicy')
        .map(({ file, namespace, name }) => JSON.stringify([file, namespace, name])),
    )
    expect(loud.size).toBeLessThan(292 * 0.3)
  })
})
