/** The `SHA256SUMS` file of a release, as `sha256sum` writes it. Pure. */

const LINE = /^([0-9a-f]{64}) [ *](\S+)$/

/** @returns the checksum of a file, lower-case hex, when exactly one is listed. */
export function checksumOf(sums: string, file: string): string | undefined {
  const found = sums
    .split('\n')
    .map((line) => LINE.exec(line.trimEnd()))
    .flatMap((match) => (match?.[2] === file && match[1] !== undefined ? [match[1]] : []))
  return found.length === 1 ? found[0] : undefined
}
