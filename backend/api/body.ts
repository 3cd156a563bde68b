import type { FastifyInstance } from 'fastify'
import { HttpError } from './problems'

/** Largest body accepted, bytes. */
export const MAX_BODY = 256 * 1024
/** Deepest nesting of a body; requests need four or five levels. */
const MAX_DEPTH = 32

/** Whether JSON nests deeper than `most`, found without parsing it. */
export function isTooDeep(text: string, most = MAX_DEPTH): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (inText) {
      if (char === 0x5c) at++
      else if (char === 0x22) inText = false
    } else if (char === 0x22) inText = true
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > most) return true
    } else if (char === 0x5d || char === 0x7d) depth--
  }
  return false
}

/** Postgres stores neither NUL nor half a surrogate pair, and fails on a query that contains one. */
function hasUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || /\p{Surrogate}/u.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => hasUnstorable(key) || hasUnstorable(inner))
}

/** Refuses a path or query with a character that PostgreSQL cannot store. */
export function refuseUnstorable(app: FastifyInstance): void {
  app.addHook('preValidation', async ({ params, query }) => {
    if (hasUnstorable([params, query])) throw new HttpError(400, 'The address contains a character that PostgreSQL cannot store (NUL).')
  })
}

/** Fastify's own sentence has no more than this says already; that of the parser names the place. */
const reasonOf = ({ message, code }: Error & { code?: string }): string => (code === 'FST_ERR_CTP_INVALID_JSON_BODY' ? '' : `: ${message}`)

/** Parses JSON bodies: an empty one is no body; one that nests too deep or has a field that changes prototypes is refused. */
export function parseJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: MAX_BODY }, (request, body: string, done) => {
    if (body.trim() === '') return done(null, undefined)
    if (isTooDeep(body)) return done(new HttpError(400, `The body is nested deeper than ${MAX_DEPTH} levels.`))
    return parse(request, body, (error, value) => {
      if (error) done(new HttpError(400, `The body is not valid JSON${reasonOf(error)}`))
      else if (hasUnstorable(value))
        done(new HttpError(400, 'The body contains a character that PostgreSQL cannot store (NUL or half a surrogate pair).'))
      else done(null, value)
    })
  })
}
