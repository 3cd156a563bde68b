import http from 'node:http'
import https from 'node:https'
import { guardedLookup, guardedUrl } from '../http/guard'

/** A receiver has this long for its whole answer, ms. */
export const TIMEOUT_MS = 10_000
/** Of an answer, as much is read; bytes. */
const MAX_BYTES = 16 * 1024
/** Of a refusal, as much is kept for people; characters. */
const SHOWN = 200

export interface Posted {
  /** HTTP status; null when there was no answer. */
  status: number | null
  /** Why it does not count as delivered; null when it does. */
  error: string | null
  tookMs: number
}

export interface PostOptions {
  /** Lets loopback, private addresses and plain http be reached. */
  allowPrivate: boolean
  timeoutMs?: number
  /** Ends the request. */
  signal?: AbortSignal
}

/** Posts a body to a guarded URL. Redirects are not followed, of the answer only the status counts. Never throws. */
export async function post(url: string, body: string, headers: Record<string, string>, options: PostOptions): Promise<Posted> {
  const began = performance.now()
  try {
    const { status, text } = await ask(guardedUrl(url, options), body, headers, options)
    return { status, error: faultOf(status, text), tookMs: Math.round(performance.now() - began) }
  } catch (error) {
    return { status: null, error: textOf(error), tookMs: Math.round(performance.now() - began) }
  }
}

function faultOf(status: number, text: string): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return `answered ${status}; redirects are not followed: give the address it leads to`
  // Control characters have no place in a log line, and Postgres stores no NUL.
  const shown = text
    .replace(/[\p{Cc}\p{Surrogate}\s]+/gu, ' ')
    .trim()
    .slice(0, SHOWN)
  return `answered ${status}${shown ? `: ${shown}` : ''}`
}

/** Both addresses of a name that refuse arrive as one error of several. */
const textOf = (error: unknown): string => {
  const { errors, message, code } = error as AggregateError & { code?: string }
  return (errors?.[0] as Error | undefined)?.message || message || code || 'failed without a reason'
}

function ask(url: URL, body: string, headers: Record<string, string>, options: PostOptions): Promise<{ status: number; text: string }> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers },
      lookup: guardedLookup(options.allowPrivate),
      signal: options.signal,
      // A kept connection may be closed by the receiver just as the next event is sent on it.
      agent: false,
    })
    // The timeout of a socket starts again with every byte; this one is for the whole answer.
    const timer = setTimeout(() => request.destroy(new Error(`did not answer within ${timeoutMs / 1000} s`)), timeoutMs)
    request.once('close', () => clearTimeout(timer))
    request.on('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const end = () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
        request.destroy()
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= MAX_BYTES) end()
      })
      response.once('end', end)
      // The status is there; what comes after it does not matter.
      response.once('error', end)
    })
    request.end(body)
  })
}
