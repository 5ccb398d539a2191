/** Asks over HTTP or HTTPS as any client would, each question on a connection of its own. */
import { request as plainRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as secureRequest, type RequestOptions } from 'node:https'

export interface Asking extends Pick<RequestOptions, 'cert' | 'key' | 'ca' | 'agent'> {
  readonly token?: string
  readonly headers?: OutgoingHttpHeaders
  readonly method?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** @param body as text it goes out as it is. */
export function postQuestion(url: string, body: object | string, asking: Asking = {}): Promise<HttpAnswer> {
  const { token, headers = {}, method = 'POST', ...tls } = asking
  const request = url.startsWith('https:') ? secureRequest : plainRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      agent: false,
      ...tls,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}
