import { Fatal, RetryLater, Throttled } from '../base/errors'
import { excerpt, hideSecrets, redact } from '../base/redact'
import type { Api, HttpRequest, RawAnswer, Verdict } from '../contract'
import { blocksOf, readHeaders, type Waits } from './headers'

/** How long to wait if an upstream asks for a wait but does not give its length, ms. */
const WAIT_MS = 60_000
/** How long to wait after a web page instead of data with 403 or 429, ms. */
const BLOCKED_MS = 5 * 60_000

/** The name of a request in errors: API, method, path. */
export interface Asked {
  api: string
  request: Pick<HttpRequest<unknown>, 'method' | 'path' | 'types' | 'accept' | 'isAnswer' | 'etag' | 'parts'>
  secrets: readonly string[]
}

const nameOf = ({ api, request, secrets }: Asked): string => `${api} ${request.method ?? 'GET'} ${redact(request.path, secrets)}`

/** How much of a body tells whether it is a web page; some begin with many blank lines. */
const START = 1_000

/** Empty for a part from the middle of a file: how that begins tells nothing. */
function startOf({ text, bytes, range }: RawAnswer): string {
  if (!bytes) return text.slice(0, START)
  return range && range.from > 0 ? '' : Buffer.from(bytes.subarray(0, START)).toString('utf8')
}

export const isHtml = (answer: RawAnswer): boolean =>
  /html/i.test(answer.headers['content-type'] ?? '') || /^\s*<(!doctype|html|head|body)\b/i.test(startOf(answer))

const HTML = 'text/html'

/** `text/csv` of `text/csv; charset=utf-8`. */
const mediaTypeOf = ({ headers }: RawAnswer): string => (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

const soon = (waits: Waits, otherwise: number): Date => waits.retryAt ?? waits.reset ?? new Date(Date.now() + otherwise)

const wait = (on: readonly string[], until: Date, reason: string): Verdict => ({
  error: new Throttled(on[0] ?? reason, until, undefined, `${on.join(', ')} asks to wait until ${until.toISOString()} (${reason})`),
  block: on.map((api) => ({ api, until, reason })),
})

/** A page for people where data was expected. */
function blockedPage(asked: Asked, answer: RawAnswer, waits: Waits): Verdict {
  const { status } = answer
  const what = `${nameOf(asked)} answered ${status} with a web page instead of data: ${excerpt(startOf(answer).replace(/<[^>]*>/g, ' '), asked.secrets)}`
  if (status !== 403 && status !== 429) return { error: new RetryLater('blocked_page', what) }
  const until = new Date(Math.max(soon(waits, BLOCKED_MS).getTime(), Date.now() + BLOCKED_MS))
  return { error: new RetryLater('blocked_page', what, until), block: [{ api: asked.api, until, reason: `blocked page (${status})` }] }
}

/** An accepted status whose text does not answer the request: it comes from a gateway or proxy, not from the API. */
const isOutage = ({ request }: Asked, answer: RawAnswer): boolean =>
  request.accept?.includes(answer.status) === true && request.isAnswer?.(answer) === false

function judge(asked: Asked, answer: RawAnswer, waits: Waits, parts: readonly string[]): Verdict {
  const { status, text, headers } = answer
  const { request, secrets } = asked
  // Where pages are asked for, one with 429 says so like any other answer; 403 is a block all the same.
  const takesPages = request.types?.includes(HTML) === true
  if (isHtml(answer) && (status === 403 || (status === 429 && !takesPages))) return blockedPage(asked, answer, waits)
  const says = (what: string) => `${nameOf(asked)} answered ${status}${what}`
  if (isOutage(asked, answer)) {
    const got = text ? `: ${excerpt(isHtml(answer) ? text.replace(/<[^>]*>/g, ' ') : text, secrets)}` : ' with nothing'
    return { error: new RetryLater('no_answer', says(`${got}. That does not answer the request`), waits.retryAt) }
  }
  // Its Content-Range proves that it is about the file.
  if (status === 416 && answer.range) return {}
  if (request.accept?.includes(status) || (status === 304 && request.etag !== undefined)) return {}
  if (status === 420) return wait([asked.api], soon(waits, WAIT_MS), 'http 420')
  if (status === 429) return wait(parts, soon(waits, WAIT_MS), 'http 429')
  const body = text ? `: ${excerpt(text, secrets)}` : ''
  // Not implemented is permanent.
  if (status === 501) return { error: new Fatal('http_501', says(body)) }
  if (status >= 500) return { error: new RetryLater(`http_${status}`, says(body), waits.retryAt) }
  if (isHtml(answer) && !takesPages) return blockedPage(asked, answer, waits)
  if (status >= 300 && status < 400) {
    return { error: new RetryLater('redirect', says(`, a redirect to ${excerpt(headers.location ?? 'nowhere', secrets)}`)) }
  }
  if (status === 408 || status === 425) return { error: new RetryLater(`http_${status}`, says(body), waits.retryAt) }
  if (status >= 400) return { error: new Fatal(`http_${status}`, says(body)) }
  const type = mediaTypeOf(answer)
  if (status >= 200 && request.types && !request.types.includes(type)) {
    const got = type === '' ? 'no content type' : excerpt(type, secrets)
    return { error: new RetryLater('content_type', says(` with ${got} instead of ${request.types.join(' or ')}`)) }
  }
  return status >= 200 ? {} : { error: new RetryLater(`http_${status}`, says('')) }
}

/** What an answer means: first by the API's own rules, then by its status and the standard headers. */
export function classify(api: Api, asked: Asked, answer: RawAnswer): Verdict & { result: 'ok' | 'failed' } {
  const named = Object.keys(asked.request.parts ?? {}).filter((part) => part !== asked.api)
  const own = api.understand?.({ ...answer, parts: named }) ?? {}
  const waits = readHeaders(answer.headers)
  const parts = named.length > 0 ? named : [asked.api]
  const general = own.error ? {} : judge(asked, answer, waits, parts)
  return {
    error: own.error ? hideSecrets(own.error, asked.secrets) : general.error,
    block: [...(own.block ?? []), ...(general.block ?? []), ...blocksOf(waits, parts)],
    remaining: own.remaining ?? [],
    limits: own.limits ?? [],
    cost: own.cost,
    result: isFailure(asked, answer, own) ? 'failed' : 'ok',
  }
}

/** Whether an answer counts against the host. One that the request accepts does not, unless the API calls it an error. */
function isFailure(asked: Asked, answer: RawAnswer, own: Verdict): boolean {
  if (!own.error && asked.request.accept?.includes(answer.status)) return isOutage(asked, answer)
  return answer.status >= 500 && answer.status !== 501
}

/**
 * The body of a 2xx answer.
 * @throws {RetryLater} `not_json` or `shape`, naming the first field that does not match
 */
export function parse<T>(asked: Asked, answer: RawAnswer, schema: HttpRequest<T>['schema']): T {
  let body: unknown
  try {
    body = JSON.parse(answer.text)
  } catch (error) {
    const got = answer.text ? `starts with ${JSON.stringify(excerpt(answer.text, asked.secrets, 60))}` : 'is empty'
    throw new RetryLater('not_json', `${nameOf(asked)} answered ${answer.status}, but its body ${got} and is not JSON`, undefined, {
      cause: hideSecrets(error as SyntaxError, asked.secrets),
    })
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const what = redact(`${issue?.path.join('.') || 'the answer'} is not as expected (${issue?.message})`, asked.secrets)
  throw new RetryLater('shape', `${nameOf(asked)}: ${what}`)
}
