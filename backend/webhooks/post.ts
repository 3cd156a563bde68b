import http from 'node:http'
import https from 'node:https'
import { guardedLookup, guardedUrl } from '../http/guard'

/** Time limit for a receiver's whole answer, ms. */
export const TIMEOUT_MS = 10_000
/** Bytes read of an answer. */
const MAX_BYTES = 16 * 1024
/** Characters kept of a refusal. */
const SHOWN = 200

export interface Posted {
  /** HTTP status; null when there was no answer. */
  status: number | null
  /** Why it does not count as delivered; null when it does. */
  error: string | null
  tookMs: number
}

export interface PostOptions {
  /** Allows loopback and private addresses and plain http. */
  allowPrivate: boolean
  timeoutMs?: number
  /** Aborts the request. */
  signal?: AbortSignal
}

/** Posts a body to a guarded URL. Does not follow redirects; only the status of the answer counts. Never throws. */
export async function post(url: string, body: string, headers: Record<string, string>, options: PostOptions): Promise<Posted> {
  const began = performance.now()
  try {
    const { status, text } = await ask(guardedUrl(url, options), body, headers, options)
    return { status, error: withoutAddress(url, faultOf(status, text)), tookMs: Math.round(performance.now() - began) }
  } catch (error) {
    return { status: null, error: withoutAddress(url, textOf(error)), tookMs: Math.round(performance.now() - began) }
  }
}

/** Shorter parts of a path are words like `api` and `hooks`, which no key is made of. */
const SHORTEST_KEY = 6

/**
 * An error without the parts of an address that may be a key: its path, query and credentials. Receivers repeat them (`Cannot POST
 * /services/T0/B0/key`), and errors are shown to readers and logged.
 */
export function withoutAddress(address: string, error: string | null): string | null {
  if (error === null || !URL.canParse(address)) return error
  const url = new URL(address)
  const whole = [url.pathname + url.search, url.pathname].filter((part) => part.length > 1)
  const parts = [...url.pathname.split('/'), ...url.searchParams.values(), url.username, url.password]
  const keys = [...whole, ...parts.filter((part) => part.length >= SHORTEST_KEY)].flatMap((part) => [part, decoded(part)])
  return [...new Set(keys)].sort((a, b) => b.length - a.length).reduce((text, key) => text.replaceAll(key, '…'), error)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return part
  }
}

function faultOf(status: number, text: string): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400)
    return `answered ${status}; redirects are not followed: set the webhook to the URL that it redirects to`
  // No control characters in log lines, and Postgres cannot store NUL.
  const shown = text
    .replace(/[\p{Cc}\p{Surrogate}\s]+/gu, ' ')
    .trim()
    .slice(0, SHOWN)
  return `answered ${status}${shown ? `: ${shown}` : ''}`
}

/** When all addresses of a name refuse, their errors arrive as one. */
const textOf = (error: unknown): string => {
  const { errors, message, code } = error as AggregateError & { code?: string }
  return (errors?.[0] as Error | undefined)?.message || message || code || 'unknown error'
}

function ask(url: URL, body: string, headers: Record<string, string>, options: PostOptions): Promise<{ status: number; text: string }> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers },
      lookup: guardedLookup(options.allowPrivate),
      signal: options.signal,
      // A kept-alive connection may be closed by the receiver just as the next event is sent.
      agent: false,
    })
    // A socket timeout restarts with every byte; this one covers the whole answer.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
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
      // Expected: the receiver closed early. The status has arrived, and nothing else matters.
      response.once('error', end)
    })
    request.end(body)
  })
}
