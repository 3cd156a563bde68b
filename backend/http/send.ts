import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { AxiosError } from 'axios'
import { Fatal, RetryLater } from '../base/errors'
import { redact } from '../base/redact'
import type { HttpRequest, RawAnswer } from '../contract'
import type { Client } from './client'
import { rangeHeaders, readRange } from './range'

/** Default read timeout, ms. */
export const TIMEOUT_MS = 30_000
const MAX_BYTES = 64 * 1024 * 1024
/** The body is read by `readRange`, as it arrives and as it is. */
const STREAMED = { responseType: 'stream', decompress: false, maxContentLength: -1 } as const

type Outgoing = Omit<HttpRequest<unknown>, 'schema'>

/** The body to send and its type. A form takes the place of a JSON body. */
function contentOf({ body, form }: Outgoing): { text?: string; type?: string } {
  if (form) return { text: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' }
  return body === undefined ? {} : { text: JSON.stringify(body), type: 'application/json' }
}

const headersOf = (request: Outgoing, type?: string): Record<string, string> => ({
  ...(type === undefined ? {} : { 'Content-Type': type }),
  ...(request.types === undefined ? {} : { Accept: request.types.join(', ') }),
  ...(request.etag === undefined ? {} : { 'If-None-Match': request.etag }),
  ...(request.range === undefined ? {} : rangeHeaders(request.range, request.maxBytes ?? MAX_BYTES)),
  ...request.headers,
})

const lower = (headers: object): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value && String(value)]),
  )

/** An answer, and how many bytes of its body arrived, uncompressed. */
export type Received = RawAnswer & { received: number }

/** A 2xx is kept as bytes; any other answer is text. */
function bodyOf(status: number, body: string | Buffer): Pick<Received, 'text' | 'bytes' | 'received'> {
  const received = Buffer.byteLength(body)
  if (typeof body === 'string') return { text: body, received }
  return status >= 200 && status < 300 ? { text: '', bytes: body, received } : { text: body.toString('utf8'), received }
}

function failure(error: unknown, what: string, timedOut: boolean, request: Outgoing, secrets: readonly string[]): Error {
  if (!(error instanceof AxiosError)) return error as Error
  if (timedOut || error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT') {
    return new RetryLater('timeout', `${what} did not answer within ${request.timeoutMs ?? TIMEOUT_MS} ms`)
  }
  const { code = '' } = error
  if (code === 'EPRIVATE') return new Fatal('forbidden_url', `${what}: ${error.message}`)
  if (error.message.includes('maxContentLength')) {
    return new RetryLater('too_large', `${what} answered more than ${request.maxBytes ?? MAX_BYTES} bytes`)
  }
  const kind = code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('HPE_') ? 'unreadable' : 'connection'
  return new RetryLater(kind, `${what} failed: ${redact(error.message || code, secrets)}`)
}

/** The slot passed before the request was sent: nothing was sent. */
export class Missed extends Error {
  override name = 'Missed'
}

export interface Departure {
  /** Checked right before writing to the socket. */
  mayLeave(): boolean
  /** The request has been written. */
  left(): void
}

/** Node's own client, which checks the clock last and reports when the request has been written. */
const watched = (url: string, departure: Departure) => ({
  request(options: http.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void): http.ClientRequest {
    if (!departure.mayLeave()) throw new Missed('the moment granted for this request has passed')
    return (url.startsWith('https:') ? https : http).request(options, onAnswer).once('finish', departure.left)
  },
})

/**
 * Sends one request; `classify` says what the answer means.
 * @throws {Missed} when `departure` does not allow it to be sent
 * @throws {RetryLater} `timeout`, `connection`, `unreadable`, `too_large`, `range`
 * @throws the signal's reason when it aborts
 */
export async function send(
  client: Client,
  request: Outgoing,
  url: string,
  signal: AbortSignal,
  secrets: readonly string[],
  departure: Departure,
): Promise<Received> {
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS
  const stop = new AbortController()
  let timedOut = false
  // The timeout of a socket starts again with every byte; this one is for the whole answer.
  const timer = setTimeout(() => {
    timedOut = true
    stop.abort()
  }, timeoutMs)
  const abort = () => stop.abort()
  signal.addEventListener('abort', abort, { once: true })
  const { text, type } = contentOf(request)
  const maxBytes = request.maxBytes ?? MAX_BYTES
  const what = `${client.name} ${request.method ?? 'GET'} ${redact(request.path, secrets)}`
  try {
    signal.throwIfAborted()
    const response = await client.axios.request<string | Buffer | Readable | undefined>({
      method: request.method ?? 'GET',
      url,
      headers: headersOf(request, type),
      data: text,
      timeout: timeoutMs,
      ...(request.range ? STREAMED : { maxContentLength: maxBytes, responseType: request.binary ? 'arraybuffer' : 'text' }),
      signal: stop.signal,
      transport: watched(url, departure),
    })
    const answer = { status: response.status, headers: lower(response.headers) }
    const { data = '' } = response
    if (request.range) return { ...answer, ...(await readRange(data as Readable, answer, request.range, what, maxBytes)) }
    return { ...answer, ...bodyOf(answer.status, data as string | Buffer) }
  } catch (error) {
    signal.throwIfAborted()
    throw failure(error, what, timedOut, request, secrets)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
