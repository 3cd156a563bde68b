import { readClock, serverNow } from '../lib/clock'
import { createStore } from '../lib/store'
import type { Me } from './types'

/** An error answer of the API (RFC 9457); only `title` when the body is no problem document. */
export class Problem extends Error {
  override name = 'Problem'
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly fields: { field: string; message: string }[] = [],
    readonly type = 'about:blank',
  ) {
    super(detail || title)
  }
}

/** No answer at all. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

const SERVER = 'The server does not answer.'
const DATABASE = 'The database is unreachable.'
const DATABASE_UNREACHABLE = 'urn:backhaul:database-unreachable'
/** Answered without reading the database: such an answer does not prove that figures are available again. */
const WITHOUT_DATA = /^\/api\/(me|login|logout)$/

/** Whether the server answers with figures; if not, why and since when. `times` counts recoveries, so that pages read again. */
export const connection = createStore<{ lost: string | null; since: number; times: number }>({ lost: null, since: 0, times: 0 })

/** Who is logged in; null before the first answer, `out` when a token is needed. */
export const session = createStore<Me | 'out' | null>(null)

/** The last failure, by `performance.now()`. */
let failedAt = Number.NEGATIVE_INFINITY

export function markLost(why: string): void {
  failedAt = performance.now()
  const { lost, since, times } = connection.get()
  if (lost !== why) connection.set({ lost: why, since: lost === null ? serverNow() : since, times })
}

/** @param askedAt by `performance.now()`: the answer to a request sent before the last failure proves nothing */
function markBack(askedAt: number): void {
  const { lost, times } = connection.get()
  if (lost !== null && askedAt > failedAt) connection.set({ lost: null, since: 0, times: times + 1 })
}

interface Options {
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

async function send(method: string, path: string, { body, headers, signal }: Options): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      signal,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...(method === 'GET' ? {} : { 'content-type': 'application/json' }), ...headers },
      body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    markLost(SERVER)
    throw new Unreachable('The server does not answer. Try again in a moment.')
  }
}

/** The JSON of a body; undefined for anything else. */
async function read(answer: Response): Promise<unknown> {
  const text = await answer.text()
  if (!answer.headers.get('content-type')?.includes('json')) return undefined
  return text === '' ? undefined : JSON.parse(text)
}

function problemOf(status: number, body: unknown): Problem {
  const { title, detail, errors, type } = (body ?? {}) as Partial<Pick<Problem, 'title' | 'detail' | 'type'>> & {
    errors?: Problem['fields']
  }
  return new Problem(status, title ?? `The server answered ${status}`, detail ?? '', errors ?? [], type)
}

/**
 * Calls the API.
 * @throws {Problem} for an answer that is not 2xx; 401 also ends the session
 * @throws {Unreachable} when there is none
 */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const askedAt = performance.now()
  const answer = await send(method, path, options)
  readClock(answer.headers.get('date'))
  const body = await read(answer)
  if (answer.ok) {
    if (!WITHOUT_DATA.test(path)) markBack(askedAt)
    return body as T
  }
  const problem = problemOf(answer.status, body)
  if (answer.status === 401) {
    if (path !== '/api/login') session.set('out')
    // The login page shows no figures that could be old.
    markBack(Number.POSITIVE_INFINITY)
  }
  if (problem.type === DATABASE_UNREACHABLE) markLost(DATABASE)
  // Sent by a proxy in front of the server.
  else if ((answer.status === 502 || answer.status === 504) && method === 'GET') markLost(SERVER)
  throw problem
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>('GET', path, { signal })
export const post = <T>(path: string, body?: unknown, options: Options = {}): Promise<T> => call<T>('POST', path, { ...options, body })
export const patch = <T>(path: string, body: unknown): Promise<T> => call<T>('PATCH', path, { body })
export const remove = (path: string): Promise<void> => call<void>('DELETE', path)

/** Asks who is logged in; the answer decides between the pages and the login. */
export async function whoAmI(): Promise<void> {
  try {
    session.set(await get<Me>('/api/me'))
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error
    // 401 has set the session; the app retries anything else.
  }
}

/** `?a=1&b=x` from the values that are set. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const set = Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] != null && entry[1] !== '')
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`
}
