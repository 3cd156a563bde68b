import '@fastify/cookie'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config'
import { Refused } from '../engine/errors'
import type { Actor } from '../service/actions'
import { failureCounter } from './failures'
import { Answer } from './problems'
import { COOKIE, type Role, roleOfSession, roleOfToken } from './session'

/** Who asks, on every request behind `secure`. */
export interface Visitor {
  who: Role | 'local' | 'nobody'
  canWrite: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    visitor: Visitor
  }
  interface FastifyContextConfig {
    /** No token is needed. */
    open?: boolean
    /** A POST that only reads. */
    reads?: boolean
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i

/** @throws {Refused} `setup` when others could reach an API that asks nobody for a token */
export function requireTokenOrLoopback(config: Pick<Config, 'adminToken' | 'apiHost'>): void {
  if (config.adminToken || LOOPBACK.test(config.apiHost)) return
  throw new Refused(
    'setup',
    `API_HOST=${config.apiHost} lets others reach the API: set ADMIN_TOKEN in .env (openssl rand -hex 24), or API_HOST=127.0.0.1.`,
    'ADMIN_TOKEN',
  )
}

export const actorOf = (request: FastifyRequest, door: Actor['door'] = 'rest'): Actor => ({
  who: request.visitor.who,
  address: request.ip,
  door,
})

/** W3C trace context of a request. */
export const traceOf = ({ headers: { traceparent } }: FastifyRequest): string | undefined =>
  typeof traceparent === 'string' ? traceparent : undefined

const isRead = (request: FastifyRequest): boolean =>
  request.method === 'GET' || request.method === 'HEAD' || request.routeOptions.config?.reads === true

const hostName = (host: string): string => host.replace(/:\d+$/, '')

/** Whether a page of another site sent this: browsers name the page's origin with every write. */
function isForeign({ headers }: FastifyRequest): boolean {
  const { origin } = headers
  if (origin === undefined) return false
  const own = [headers.host, headers['x-forwarded-host']].filter((host) => typeof host === 'string')
  return !(URL.canParse(origin) && own.includes(new URL(origin).host))
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** A browser cannot send this type to another site without asking it first. */
const isJson = ({ headers }: FastifyRequest): boolean => /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')

/** Whether the matched route needs nobody's token: pages, health, docs and login. The route counts, not how its address was written. */
function isOpen({ routeOptions, url }: FastifyRequest): boolean {
  const route = routeOptions.url ?? url
  if (!/^\/(api|graphql)(?![^/?])/.test(route)) return true
  return routeOptions.config?.open === true || /^\/api\/(docs(?![^/])|openapi\.json$)/.test(route)
}

export interface Guard {
  /** Notes a wrong token. */
  failed(request: FastifyRequest): void
  /** @throws {Answer} 429 while this address has to wait */
  check(request: FastifyRequest): void
}

/**
 * Guards every route of `app`: host names, tokens and sessions, who may write, and pages of other sites.
 * Without ADMIN_TOKEN whoever reaches the port on this machine may do everything; a page somewhere else may not.
 */
export function secure(app: FastifyInstance, config: Pick<Config, 'adminToken' | 'readToken'>): Guard {
  const failures = failureCounter()
  const tokenNeeded = config.adminToken !== undefined

  /** @throws {Answer} 429 */
  function check(request: FastifyRequest): void {
    const wait = failures.waitOf(request.ip)
    if (wait > 0) throw new Answer(429, `Too many wrong tokens from ${request.ip}; wait ${wait} s.`, { 'retry-after': String(wait) })
  }

  function roleOf(request: FastifyRequest): Role | undefined {
    const { authorization } = request.headers
    if (authorization === undefined) return roleOfSession(config, request.cookies[COOKIE] ?? '')
    check(request)
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
    const role = token === undefined ? undefined : roleOfToken(config, token)
    if (!role) failures.failed(request.ip)
    return role
  }

  function visitorOf(request: FastifyRequest): Visitor {
    if (!tokenNeeded) return { who: 'local', canWrite: true }
    const role = roleOf(request)
    if (role) return { who: role, canWrite: role === 'admin' }
    if (isOpen(request)) return { who: 'nobody', canWrite: false }
    const why = request.headers.authorization === undefined ? 'Send Authorization: Bearer <token>, or log in' : 'This token is not known'
    throw new Answer(401, why, { 'www-authenticate': 'Bearer realm="backhaul"' })
  }

  function checkWrite(request: FastifyRequest): void {
    if (isForeign(request)) throw new Answer(403, `Pages of ${String(request.headers.origin).slice(0, 100)} may not use this API.`)
    const byToken = tokenNeeded && request.headers.authorization !== undefined
    if (!isJson(request) && (hasBody(request) || !byToken))
      throw new Answer(415, 'Send JSON with the header Content-Type: application/json.')
    if (!request.visitor.canWrite && !isOpen(request) && !isRead(request))
      throw new Answer(403, 'This token may only look; use ADMIN_TOKEN to change anything.')
  }

  app.decorateRequest('visitor')
  app.addHook('onRequest', async (request) => {
    const host = hostName(request.headers.host ?? '')
    if (!tokenNeeded && !LOOPBACK.test(host)) {
      const shown = isIP(host) || /^[\w.-]{1,100}$/.test(host) ? host : 'this name'
      throw new Answer(421, `Without ADMIN_TOKEN only localhost is served, not ${shown}.`)
    }
    request.visitor = visitorOf(request)
    if (request.method !== 'GET' && request.method !== 'HEAD') checkWrite(request)
  })
  return { failed: (request) => failures.failed(request.ip), check }
}
