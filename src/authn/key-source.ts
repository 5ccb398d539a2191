/**
 * Reads the key set of one issuer from where its settings say: discovery, a URL, a file.
 * Refuses plain HTTP beyond loopback, a discovery document of another issuer, and whatever is no JSON; each reading is bounded
 * in time and size. Never rejects.
 */
import { z } from 'zod'
import { readText } from '../files/index.ts'
import { ok, type Result } from '../lib/result.ts'
import type { HttpGet } from './http-get.ts'
import { keyProblem, type KeyProblem } from './key-problem.ts'
import type { DiscoveryKeySettings, FileKeySettings, UrlKeySettings } from './settings.ts'

/** @returns what the JSON of the key set parsed to. */
export type ReadKeys = (signal: AbortSignal) => Promise<Result<unknown, KeyProblem>>

type ReadableKeySettings = DiscoveryKeySettings | UrlKeySettings | FileKeySettings

const MAX_TOKEN_BYTES = 64 * 1024
/** A whole system's bundle fits. */
const MAX_CA_BYTES = 1024 * 1024

const DISCOVERY_PATH = '/.well-known/openid-configuration'
const DiscoveryDocument = z.object({ issuer: z.string(), jwks_uri: z.string() })

export function createKeySource(
  issuer: string,
  settings: ReadableKeySettings,
  maxBytes: number,
  httpGet: HttpGet,
): ReadKeys {
  if ('file' in settings) {
    return async () => {
      const text = await readFile(settings.file, maxBytes)
      return text.ok ? parseJson(text.value) : text
    }
  }
  const configured = 'url' in settings ? settings.url : discoveryUrl(issuer)
  const fetchJson = async (address: string, signal: AbortSignal): Promise<Result<unknown, KeyProblem>> => {
    const url = fetchableUrl(address, settings.allowInsecureHttp === true)
    if (!url.ok) return url
    const headers: Record<string, string> = { accept: 'application/json, application/jwk-set+json' }
    // A discovery document must not lead the token to another server.
    if (settings.bearerTokenFile !== undefined && url.value.origin === new URL(configured).origin) {
      const token = await readFile(settings.bearerTokenFile, MAX_TOKEN_BYTES)
      if (!token.ok) return token
      headers['authorization'] = `Bearer ${token.value.trim()}`
    }
    const ca = settings.caFile === undefined ? ok(undefined) : await readFile(settings.caFile, MAX_CA_BYTES)
    if (!ca.ok) return ca
    const options = { headers, maxBytes, signal, ...(ca.value !== undefined && { ca: ca.value }) }
    const body = await httpGet(url.value, options)
    const document = body.ok ? parseJson(body.value) : body
    if (document.ok) return document
    return keyProblem(document.error.code, `${shownAddress(url.value)}: ${document.error.detail}`)
  }
  if ('url' in settings) return (signal) => fetchJson(settings.url, signal)
  return async (signal) => {
    const document = await fetchJson(configured, signal)
    if (!document.ok) return document
    const discovered = DiscoveryDocument.safeParse(document.value)
    if (!discovered.success) return keyProblem('not-discovery', 'the document lacks issuer or jwks_uri')
    // OpenID Connect Discovery 1.0 section 4.3: it MUST be identical.
    if (discovered.data.issuer !== issuer) return keyProblem('issuer-mismatch', 'the document is of another issuer')
    return fetchJson(discovered.data.jwks_uri, signal)
  }
}

/** A discovery document can name an address of any length, and what is said of it stands in the log and in /readyz. */
const LONGEST_ADDRESS = 200

function shownAddress({ origin, pathname }: URL): string {
  const address = `${origin}${pathname}`
  return address.length <= LONGEST_ADDRESS ? address : `${address.slice(0, LONGEST_ADDRESS)}…`
}

/** OpenID Connect Discovery 1.0 section 4.1: one slash at the end of the issuer goes. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.endsWith('/') ? issuer.slice(0, -1) : issuer}${DISCOVERY_PATH}`
}

/** https, or http where the traffic does not leave the machine or the settings allow it; no user name in it. */
export function fetchableUrl(address: string, allowInsecureHttp: boolean): Result<URL, KeyProblem> {
  if (!URL.canParse(address)) return keyProblem('insecure-url', 'the address is no URL')
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return keyProblem('insecure-url', 'the address holds a user name')
  if (url.protocol === 'https:') return ok(url)
  if (url.protocol === 'http:' && (allowInsecureHttp || isLoopback(url.hostname))) return ok(url)
  return keyProblem('insecure-url', 'the address does not begin with https://')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

async function readFile(path: string, maxBytes: number): Promise<Result<string, KeyProblem>> {
  const file = await readText(path, maxBytes)
  return file.ok ? ok(file.value.text) : keyProblem('file-unreadable', `${path} ${file.error}`)
}

function parseJson(text: string): Result<unknown, KeyProblem> {
  try {
    return ok(JSON.parse(text))
  } catch {
    const isPage = /^\s*</.test(text)
    if (isPage) return keyProblem('html', 'the document begins like a web page')
    return keyProblem('not-json', text.trim() === '' ? 'the document is empty' : 'the document does not parse as JSON')
  }
}
