/**
 * A mint that publishes its keys as an API server or identity provider does: OpenID Connect discovery and a JWK Set, on loopback.
 * Hands out keys only, never tokens: those go to whoever holds the object.
 */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createTokenMint, type MintOptions, type TokenMint } from './mint-tokens.ts'

export interface TokenIssuer extends TokenMint {
  /** Where discovery is answered; the issuer's name as well, unless another was given. */
  readonly url: string
  readonly jwksUrl: string
  stop(): Promise<void>
}

export interface TokenIssuerOptions extends Omit<MintOptions, 'issuer'> {
  /** Default: its own address. An API server's name is seldom where its keys are read. */
  readonly issuer?: string
}

const HOST = '127.0.0.1'
const DISCOVERY_PATH = '/.well-known/openid-configuration'
/** Where an API server has it. */
const JWKS_PATH = '/openid/v1/jwks'

export async function startTokenIssuer(options: TokenIssuerOptions = {}): Promise<TokenIssuer> {
  let routes = new Hono()
  const { port, stop } = await listen((request) => routes.fetch(request))
  const url = `http://${HOST}:${port}`
  const jwksUrl = `${url}${JWKS_PATH}`
  const mint = await createTokenMint({ ...options, issuer: options.issuer ?? url })
  routes = publish(mint, jwksUrl)
  return { ...mint, url, jwksUrl, stop }
}

function publish({ issuer, jwks }: TokenMint, jwksUrl: string): Hono {
  const discovery = {
    issuer,
    jwks_uri: jwksUrl,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: jwks.keys.map(({ alg }) => alg),
  }
  return new Hono()
    .get(DISCOVERY_PATH, (context) => context.json(discovery))
    .get(JWKS_PATH, (context) => context.json(jwks, 200, { 'content-type': 'application/jwk-set+json' }))
}

interface Listening {
  readonly port: number
  stop(): Promise<void>
}

function listen(answer: (request: Request) => Response | Promise<Response>): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: answer, hostname: HOST, port: 0 }, ({ port }) => resolve({ port, stop }))
    server.once('error', reject)
    const stop = (): Promise<void> =>
      new Promise((stopped) => {
        server.close(() => stopped())
        // Clients that keep their connection would keep the process.
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
  })
}
