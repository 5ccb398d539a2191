/** deploy/Dockerfile, read and not built: no container builder is at hand where the tests run. What must hold of it is held here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEPLOY, manifest } from './support/manifests.ts'

const ROOT = resolve(DEPLOY, '..')

interface Instruction {
  readonly word: string
  readonly rest: string
}

/** Without comments, long lines joined. */
function instructionsOf(text: string): readonly Instruction[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n/g, ' ')
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? []
      return { word: word.toUpperCase(), rest }
    })
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function json(path: string): Record<string, any> {
  return JSON.parse(read(path))
}

const all = instructionsOf(read('deploy/Dockerfile'))
const starts = all.flatMap(({ word }, index) => (word === 'FROM' ? [index] : []))
const build = all.slice(starts[0], starts[1])
const image = all.slice(starts.at(-1))

function allOf(word: string, of: readonly Instruction[]): readonly string[] {
  return of.filter((one) => one.word === word).map(({ rest }) => rest)
}

/** Of COPY: flags apart, the target last. */
function copied(rest: string): {
  readonly sources: readonly string[]
  readonly target: string
  readonly from: boolean
} {
  const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'))
  return { sources: words.slice(0, -1), target: words.at(-1) ?? '', from: rest.includes('--from=') }
}

/** `@scope/name/part` -> `@scope/name` */
function packageOf(path: string): string {
  return path.split('/', path.startsWith('@') ? 2 : 1).join('/')
}

describe('deploy/Dockerfile', () => {
  test('builds in one stage, and ships another of the same base, pinned by a tag of a slim Node', () => {
    expect(starts).toHaveLength(2)
    expect(allOf('ARG', all)).toEqual([expect.stringMatching(/^NODE=[\w./-]+\/node:\d+-\w+-slim$/)])
    expect(allOf('FROM', all)).toEqual(['${NODE} AS build', '${NODE}'])
  })

  test('has a Node that the package takes', () => {
    const [, major] = /node:(\d+)-/.exec(allOf('ARG', all)[0] ?? '') ?? []
    const [, least] = /^>=(\d+)\./.exec(json('package.json')['engines'].node) ?? []
    expect(Number(major)).toBeGreaterThanOrEqual(Number(least))
  })

  test('runs as the user of the Deployment, by number, so that runAsNonRoot can tell', () => {
    type Spec = { spec: { template: { spec: { securityContext: { runAsUser: number; runAsGroup: number } } } } }
    const { runAsUser, runAsGroup } = manifest<Spec>('kubernetes/bridge.yaml', 'Deployment').spec.template.spec
      .securityContext
    expect(allOf('USER', image)).toEqual([`${runAsUser}:${runAsGroup}`])
    const last = image.findLastIndex(({ word }) => word === 'RUN' || word === 'COPY')
    expect(image.findIndex(({ word }) => word === 'USER')).toBeGreaterThan(last)
  })

  test('ships no development dependency, and lets no package run a script', () => {
    const commands = allOf('RUN', build)
    expect(commands.at(-1)).toBe('npm prune --omit=dev --ignore-scripts')
    for (const command of commands.filter((one) => /npm (?:ci|install|prune)/.test(one)))
      expect(command).toContain('--ignore-scripts')
    const locked: Record<string, { hasInstallScript?: true }> = json('package-lock.json')['packages']
    expect(Object.keys(locked).filter((name) => locked[name]?.hasInstallScript)).toEqual([])
  })

  test('needs no development dependency: the sources import others alone', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const imported = sources.flatMap((file) =>
      [
        ...read(join('src', file)).matchAll(
          /^import (?!type\b)(?:[^']*? from )?'([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm,
        ),
      ].map(([, still = '', late = still]) => packageOf(late)),
    )
    const packages = new Set(imported.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name)))
    expect(packages.size).toBeGreaterThan(5)
    expect(Object.keys(json('package.json')['dependencies'])).toEqual(expect.arrayContaining([...packages]))
  })

  test('starts what the build makes', () => {
    const { bin, scripts } = json('package.json')
    const { rootDir, outDir } = json('tsconfig.build.json')['compilerOptions']
    expect(scripts.build).toContain('tsconfig.build.json')
    expect(allOf('RUN', build)).toContain('npm run build && chmod 0755 dist/main.js')
    const [place = ''] = allOf('WORKDIR', image)
    expect(JSON.parse(allOf('ENTRYPOINT', image)[0] ?? '')).toEqual(['node', `${place}/${bin.nib}`])
    const shipped = image.filter(({ word, rest }) => word === 'COPY' && rest.includes('--from=build'))
    expect(shipped.map(({ rest }) => copied(rest).target)).toEqual(['node_modules', outDir])
    const source = join(rootDir, relative(outDir, bin.nib)).replace(/\.js$/, '.ts')
    expect(read(source)).toMatch(/^#!\/usr\/bin\/env node\n/)
    // What it reads of the package beside itself.
    expect(image.some(({ word, rest }) => word === 'COPY' && rest.includes('package.json'))).toBe(true)
  })

  test('writes nowhere and probes nothing: Kubernetes does', () => {
    for (const word of ['HEALTHCHECK', 'VOLUME', 'ADD', 'EXPOSE']) expect(allOf(word, all)).toEqual([])
  })

  test('is sent what it copies, and nothing else', () => {
    const wanted = all
      .filter(({ word }) => word === 'COPY')
      .map(({ rest }) => copied(rest))
      .filter(({ from }) => !from)
      .flatMap(({ sources }) => sources)
    const [first, ...rest] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(first).toBe('*')
    expect(rest.toSorted()).toEqual([...new Set(wanted)].map((path) => `!${path}`).toSorted())
    for (const path of wanted) expect(existsSync(join(ROOT, path)), path).toBe(true)
  })
})
