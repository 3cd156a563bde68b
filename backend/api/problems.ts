import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Refused, Throttled } from '../base/errors'
import { type Problem, problem as problemShape, type Refusals } from '../contract'
import { isUnreachable, READ_ONLY } from '../database/db'
import { READ_ONLY_TEXT } from '../database/faults'
import { clearCaches } from '../service/base/caches'
import type { Service } from '../service/base/context'

/*
 * Every error as RFC 9457 has it: what is wrong, where, and what to do; never a stack.
 */

/** Tells an outage of the database from other answers of 503, for programs that wait it out. */
export const DATABASE_AWAY = 'urn:backhaul:database-away'

const TITLES: Record<number, string> = {
  400: 'The request has a fault',
  401: 'A token is needed',
  403: 'This is not allowed',
  404: 'There is no such thing',
  405: 'This method is not known here',
  409: 'The state does not fit',
  413: 'The body is too large',
  415: 'The body must be JSON',
  421: 'This host name is not served',
  429: 'Too many failures',
  500: 'Unexpected',
  503: 'Not available now',
}
const STATUS: Record<Refused['code'], number> = { input: 400, missing: 404, state: 409, setup: 503 }

/** A sentence that begins and ends like one; the name of a field stays as it is written. */
const sentence = (text: string): string => {
  const trimmed = text.trim()
  const first = /^[a-z]+[\s,]/.test(trimmed) ? trimmed.charAt(0).toUpperCase() : trimmed.charAt(0)
  return `${first}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? '' : '.'}`
}

export const problem = (status: number, detail: string, more: Pick<Problem, 'errors' | 'state'> = {}): Problem => ({
  type: 'about:blank',
  title: TITLES[status] ?? 'The request was refused',
  status,
  detail: sentence(detail),
  ...more,
})

/** An answer other than the one asked for, thrown by the API's own checks. */
export class Answer extends Error {
  override name = 'Answer'
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }
}

/** What an error comes to. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Answer) return problem(error.status, error.message)
  if (error instanceof Refused) {
    const errors = error.faults.length > 0 ? [...error.faults] : undefined
    return problem(STATUS[error.code], error.message, { ...(errors && { errors }), ...(error.state && { state: error.state }) })
  }
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error as FastifyError)
  if ((error as { code?: string } | undefined)?.code === READ_ONLY) return problem(503, READ_ONLY_TEXT)
  if (isUnreachable(error) || error instanceof Throttled)
    return { ...problem(503, 'The database cannot be reached now; try again in some seconds.'), type: DATABASE_AWAY }
  const { statusCode = 500, code = '' } = (error ?? {}) as Partial<FastifyError>
  if (statusCode >= 400 && statusCode < 500) return problem(statusCode, KNOWN[code] ?? (error as Error).message)
  return problem(500, 'Something failed that should not have; the log of the api process says what.')
}

const KNOWN: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body has more than 256 kB.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Send JSON with the header Content-Type: application/json.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length does not fit the body.',
}

/** Each fault by its field; a field that is not known by its own name. */
function invalid(error: FastifyError): Problem {
  const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'request')
  const errors = (error.validation ?? []).flatMap(({ instancePath, message = 'is wrong', keyword, params }) => {
    const path = instancePath.split('/').filter((part) => part !== '')
    const keys = keyword === 'unrecognized_keys' ? ((params as { keys?: string[] }).keys ?? []) : []
    if (keys.length > 0) return keys.map((key) => ({ field: [...path, key].join('.').slice(0, 200), message: 'is not a field here' }))
    return [{ field: path.join('.') || where, message }]
  })
  const [first] = errors
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const at = first && first.field !== where ? ` at ${first.field}` : ''
  return problem(400, `The ${where} has a fault${at}: ${first?.message ?? 'it is wrong'}${others}`, { errors })
}

/** Writes what went wrong; what nobody expected goes to the log as well. */
export const answerProblem =
  (service: Service) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { log } = service
    const found = problemOf(error)
    // Whoever is told so must not be shown figures of before right after.
    if (found.type === DATABASE_AWAY) clearCaches(service)
    // What the API's own checks refuse is no failure, and a client could fill the log with it.
    if (found.status >= 500 && !(error instanceof Answer)) {
      log.error(`${request.method} ${request.url.split('?')[0]} failed: ${(error as Error)?.message}`, { status: found.status })
      log.debug('where it came from', { stack: (error as Error)?.stack })
    }
    if (error instanceof Answer) reply.headers(error.headers)
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
    .send(of(found))
}
