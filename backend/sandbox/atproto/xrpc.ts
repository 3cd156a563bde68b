import { type Ask, json, type Reply } from '../base/exchange'

/** What a method answers when it refuses. */
export class XrpcError extends Error {
  constructor(
    readonly error: string,
    message: string,
    readonly status = 400,
  ) {
    super(message)
  }
  get answer(): Reply {
    return json({ error: this.error, message: this.message }, this.status)
  }
}

/** Bad parameters, in the words of the reference server. */
const bad = (message: string): XrpcError => new XrpcError('InvalidRequest', `Error: ${message}`)

const NSID = /^[a-zA-Z]([a-zA-Z0-9-]{0,62})?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,62})?)+\.[a-zA-Z][a-zA-Z0-9]{0,62}$/
const DID = /^did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]$/
const HANDLE = /^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/

/** The parameters of a query. */
export class Params {
  private readonly given: URLSearchParams
  constructor(ask: Ask) {
    this.given = new URLSearchParams(ask.query ?? '')
  }

  text(name: string): string | undefined {
    return this.given.get(name) ?? undefined
  }
  must(name: string): string {
    const text = this.text(name)
    if (text === undefined) throw bad(`Params must have the property "${name}"`)
    return text
  }
  did(): string {
    const did = this.must('did')
    if (!DID.test(did)) throw bad('did must be a valid did')
    return did
  }
  repo(): string {
    const repo = this.must('repo')
    if (!DID.test(repo) && !HANDLE.test(repo)) throw bad('repo must be a valid did or a handle')
    return repo
  }
  collection(): string {
    const collection = this.must('collection')
    if (!NSID.test(collection)) throw bad('collection must be a valid nsid')
    return collection
  }
  /** @throws {XrpcError} outside of 1..most */
  limit(most: number, usual: number): number {
    const text = this.text('limit')
    if (text === undefined) return usual
    const limit = Number(text)
    if (!Number.isInteger(limit)) throw bad('limit must be an integer')
    if (limit > most) throw bad(`limit can not be greater than ${most}`)
    if (limit < 1) throw bad('limit can not be less than 1')
    return limit
  }
}

/** The method asked for, or undefined where the path is none of XRPC. */
export const methodOf = (ask: Ask): string | undefined => /^\/xrpc\/([\w.-]+)$/.exec(ask.path)?.[1]

export type Methods = Record<string, (params: Params, ask: Ask) => Reply | Promise<Reply>>

/** Answers a query by its method. */
export async function answerXrpc(methods: Methods, ask: Ask): Promise<Reply> {
  const method = methodOf(ask)
  if (method === undefined) return json({ error: 'NotFound', message: `Cannot ${ask.method} ${ask.path}` }, 404)
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (!run) return json({ error: 'MethodNotImplemented', message: 'Method Not Implemented' }, 501)
  if (ask.method !== 'GET') return json({ error: 'InvalidRequest', message: 'Incorrect HTTP method (POST) expected GET' }, 405)
  try {
    return await run(new Params(ask), ask)
  } catch (error) {
    if (error instanceof XrpcError) return error.answer
    throw error
  }
}

/** What `match` of a fault reads: the path with its query, decoded. */
export function subjectOf(ask: Pick<Ask, 'path' | 'query'>): string {
  const whole = ask.query === undefined ? ask.path : `${ask.path}?${ask.query}`
  try {
    return decodeURIComponent(whole)
  } catch {
    // A stray percent sign of a client that does not encode.
    return whole
  }
}
