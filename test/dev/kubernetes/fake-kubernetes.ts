/** Scripts that answer as kube-apiserver, etcd and kubectl wherever a version is asked for, and a Go compiler that makes them. */
import { ETCD_VERSION, KUBERNETES_VERSION } from '../../../src/dev/kubernetes/pins.ts'
import { kubernetesFolder } from '../../../src/dev/kubernetes/cache.ts'
import { platformOf } from '../../../src/dev/nats-server/platform.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'
import type { Environment } from '../../../src/dev/nats-server/tool.ts'

export const platform = platformOf(process.platform, process.arch) ?? 'linux-x64'

export interface Versions {
  readonly kubernetes?: string
  readonly etcd?: string
}

/** What each program answers, as a script. */
export function scripts({ kubernetes = KUBERNETES_VERSION, etcd = ETCD_VERSION }: Versions = {}) {
  const kubectl = JSON.stringify({ clientVersion: { gitVersion: `v${kubernetes}` } })
  return {
    'kube-apiserver': `#!/bin/sh\necho 'Kubernetes v${kubernetes}'\n`,
    etcd: `#!/bin/sh\necho 'etcd Version: ${etcd}'\necho 'Git SHA: 1a2b3c4'\n`,
    kubectl: `#!/bin/sh\necho '${kubectl}'\n`,
  }
}

export interface FakeMachine {
  readonly folder: TempFolder
  readonly env: Environment
  /** Folder of the cache that the pinned version belongs in. */
  readonly place: string
  /** Puts the three programs into a folder. @returns its path. */
  kubernetes(folder: string, versions?: Versions): string
  /** Puts them where they are cached. */
  cached(versions?: Versions): void
  /** Puts a Go compiler on the PATH that takes its time, makes these programs, and notes each build in `builds`. */
  compiler(versions?: Versions): void
}

export function fakeMachine(): FakeMachine {
  const folder = tempFolder()
  const env = { PATH: folder.at('bin'), NIB_CACHE: folder.at('cache'), HOME: folder.path }
  folder.write('bin/.keep', '')
  const place = kubernetesFolder(env, platform)
  const lay = (where: string, versions?: Versions): string => {
    for (const [name, text] of Object.entries(scripts(versions))) folder.write(`${where}/${name}`, text, 0o755)
    return folder.at(where)
  }
  return {
    folder,
    env,
    place,
    kubernetes: lay,
    cached: (versions) => void lay(place.slice(folder.path.length + 1), versions),
    compiler(versions) {
      const source = lay('made', versions)
      const build = [
        'case "$1" in version) echo "go version go1.26.8 linux/amd64"; exit 0;; esac',
        'while [ "$1" != "-o" ]; do shift; done',
        `echo "$3 $GOFLAGS" >> '${folder.at('builds')}'`,
        '/bin/sleep 0.1',
        `exec /bin/cp '${source}'/"\${2##*/}" "$2"`,
      ]
      folder.write('bin/go', `#!/bin/sh\n${build.join('\n')}\n`, 0o755)
    },
  }
}
