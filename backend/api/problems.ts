import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Refused, Throttled } from '../base/errors'
import { type Problem, problem as problemShape, type Refusals } from '../contract'
import { READ_ONLY, READ_ONLY_TEXT } from '../database/faults'
import { isUnreachable } from '../database/passing'
import { clearCaches } from '../service/base/caches'
import type { Service } from '../service/base/context'

/*
 * Every error as a problem document (RFC 9457): what is wrong, where, and what to do; never a stack trace.
 */

/** The type of a 503 whose cause is the database, for programs that wait until it returns. */
export const DATABASE_UNREACHABLE = 'urn:backhaul:database-unreachable'

const TITLES: Record<number, string> = {
  400: 'Invalid request',
  401: 'Token required',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict with the current state',
  413: 'Request body too large',
  415: 'Request body must be JSON',
  421: 'Host name not served',
  429: 'Too many failed attempts',
  500: 'Internal error',
  503: 'Unavailable',
}
const STATUS: Record<Refused['code'], number> = { input: 400, missing: 404, state: 409, setup: 503 }

/** With a capital and a full stop; a field's name at the beginning stays as it is. */
const sentence = (text: string, errors: Problem['errors'] = []): string => {
  const trimmed = text.trim()
  const isWord = /^[a-z]+[\s,]/.test(trimmed) && !errors.some(({ field }) => trimmed.startsWith(`${field} `))
  const first = isWord ? trimmed.charAt(0).toUpperCase() : trimmed.charAt(0)
  return `${first}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? '' : '.'}`
}

export const problem = (status: number, detail: string, more: Pick<Problem, 'errors' | 'state'> = {}): Problem => ({
  type: 'about:blank',
  title: TITLES[status] ?? 'Request refused',
  status,
  detail: sentence(detail, more.errors),
  ...more,
})

/** An error with its HTTP status, thrown by the API's own checks. */
export class HttpError extends Error {
  override name = 'HttpError'
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }
}

/** The problem document of an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpError) return problem(error.status, error.message)
  if (error instanceof Refused) {
    const errors = error.faults.length > 0 ? [...error.faults] : undefined
    return problem(STATUS[error.code], error.message, { ...(errors && { errors }), ...(error.state && { state: error.state }) })
  }
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error as FastifyError)
  if ((error as { code?: string } | undefined)?.code === READ_ONLY) return problem(503, READ_ONLY_TEXT)
  if (isUnreachable(error) || error instanceof Throttled)
    return { ...problem(503, 'The database is unreachable; try again in a few seconds.'), type: DATABASE_UNREACHABLE }
  const { statusCode = 500, code = '' } = (error ?? {}) as Partial<FastifyError>
  if (statusCode >= 400 && statusCode < 500) return problem(statusCode, KNOWN[code] ?? (error as Error).message)
  return problem(500, 'Internal error; the log of the api process has the details.')
}

const KNOWN: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than 256 kB.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Send JSON with the header Content-Type: application/json.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length does not match the body.',
}

/** Every fault with its field; an unknown field is named itself. */
function invalid(error: FastifyError): Problem {
  const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'request')
  const errors = (error.validation ?? []).flatMap(({ instancePath, message = 'is invalid', keyword, params }) => {
    const path = instancePath.split('/').filter((part) => part !== '')
    const keys = keyword === 'unrecognized_keys' ? ((params as { keys?: string[] }).keys ?? []) : []
    if (keys.length > 0) return keys.map((key) => ({ field: [...path, key].join('.').slice(0, 200), message: 'is not a known field' }))
    return [{ field: path.join('.') || where, message }]
  })
  const [first] = errors
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const at = first && first.field !== where ? ` at ${first.field}` : ''
  return problem(400, `The ${where} is invalid${at}: ${first?.message ?? 'unknown fault'}${others}`, { errors })
}

/** Answers with the problem document of an error, and logs an unexpected one. */
export const answerProblem =
  (service: Service) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { log } = service
    const found = problemOf(error)
    // Earlier figures must not be shown after this answer.
    if (found.type === DATABASE_UNREACHABLE) clearCaches(service)
    // A refusal by the API's own checks is not a failure, and a client could fill the log with it.
    if (found.status >= 500 && !(error instanceof HttpError)) {
      const fields = { status: found.status, request: request.id }
      log.error(`${request.method} ${request.url.split('?')[0]} failed: ${(error as Error)?.message}`, fields)
      log.debug('stack trace', { stack: (error as Error)?.stack })
    }
    if (error instanceof HttpError) reply.headers(error.headers)
    if (found.status === 503) reply.header('retry-after', '5')
    send(reply, found, request.routeOptions.config?.refusals)
  }

/** A refusal of the API's own routes. */
export const PROBLEM: Refusals = { type: 'application/problem+json', body: problemShape, of: (found) => found }

/** Sends a problem as its route has it: it needs no schema of the route. */
export function send(reply: FastifyReply, found: Problem, { type, of } = PROBLEM): void {
  void reply
    .code(found.status)
    .header('content-type', `${type}; charset=utf-8`)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(of(found, { id: reply.request.id }))
}
