/** The systems that nats-server is fetched for. Elsewhere it must be installed by hand, and `NIB_NATS_SERVER` set. */

export type Platform = 'linux-x64' | 'linux-arm64' | 'darwin-x64' | 'darwin-arm64'

/** As the official releases spell them. */
const RELEASE_SUFFIX: Readonly<Record<Platform, string>> = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
}

function isPlatform(text: string): text is Platform {
  return Object.hasOwn(RELEASE_SUFFIX, text)
}

export function platformOf(system: string, architecture: string): Platform | undefined {
  const platform = `${system}-${architecture}`
  return isPlatform(platform) ? platform : undefined
}

/** Name of the archive in an official release; the folder inside has the same name without the ending. */
export function releaseArchive(version: string, platform: Platform): string {
  return `nats-server-v${version}-${RELEASE_SUFFIX[platform]}.tar.gz`
}
