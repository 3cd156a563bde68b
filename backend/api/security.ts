import '@fastify/cookie'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refused } from '../base/errors'
import type { Config } from '../config/config'
import type { Refusals, Route } from '../contract'
import type { Actor } from '../service/suite/actions'
import { failureCounter } from './failures'
import { HttpError } from './problems'
import { roles } from './roles'
import type { Role } from './session'

/** Who sent a request; set on every request behind `secure`. */
export interface Visitor {
  who: Role | 'local' | 'nobody'
  canWrite: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    visitor: Visitor
  }
  interface FastifyContextConfig {
    /** Who may ask, where its method and path do not say so. */
    access?: Route['access']
    /** A route of a source: part of the API whatever its path is. */
    sourceRoute?: boolean
    /** How the route answers refused requests. */
    refusals?: Refusals
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i

/** @throws {Refused} `setup` when other machines could reach an API without a token, or READ_TOKEN has no effect or allows everything */
export function requireTokenOrLoopback(config: Pick<Config, 'adminToken' | 'readToken' | 'apiHost'>): void {
  if (config.readToken && (!config.adminToken || config.adminToken === config.readToken)) {
    const why = config.adminToken ? 'is the same as ADMIN_TOKEN, which allows everything' : 'has no effect without ADMIN_TOKEN'
    throw new Refused('setup', `READ_TOKEN ${why}. Set both in .env (openssl rand -hex 24), or only ADMIN_TOKEN.`, 'READ_TOKEN')
  }
  if (config.adminToken || LOOPBACK.test(config.apiHost)) return
  throw new Refused(
    'setup',
    `API_HOST=${config.apiHost} lets other machines reach the API: set ADMIN_TOKEN in .env (openssl rand -hex 24), or API_HOST=127.0.0.1.`,
    'ADMIN_TOKEN',
  )
}

export const actorOf = (request: FastifyRequest, entryPoint: Actor['entryPoint'] = 'rest'): Actor => ({
  who: request.visitor.who,
  address: request.ip,
  entryPoint,
})

/** W3C trace context of a request. */
export const traceOf = ({ headers: { traceparent } }: FastifyRequest): string | undefined =>
  typeof traceparent === 'string' ? traceparent : undefined

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD'

const hostName = (host: string): string => host.replace(/:\d+$/, '')

/** Whether a page of another site sent this: with every write, browsers send the page's origin, or that it is another site. */
function isForeign({ headers }: FastifyRequest): boolean {
  const { origin } = headers
  if (headers['sec-fetch-site'] === 'cross-site') return true
  if (origin === undefined) return false
  const own = [headers.host, headers['x-forwarded-host']].filter((host) => typeof host === 'string')
  return !(URL.canParse(origin) && own.includes(new URL(origin).host))
}

/** Whether a page of another site requests this in the background; a followed link is not one. */
const isEmbedded = ({ headers }: FastifyRequest): boolean =>
  headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate'

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** A browser cannot send this type to another site without a preflight request. */
const isJson = ({ headers }: FastifyRequest): boolean => /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')

/** Whether the matched route is outside the API. The route counts, not how the URL was written. */
const isPage = ({ routeOptions, url }: FastifyRequest): boolean =>
  routeOptions.config?.sourceRoute !== true && !/^\/(api|graphql|healthz|readyz)(?![^/?])/.test(routeOptions.url ?? url)

/** Who may use the matched route. Pages, health and docs are for everyone. */
function accessOf(request: FastifyRequest): Route['access'] {
  const { routeOptions, url } = request
  const route = routeOptions.url ?? url
  if (routeOptions.config?.access) return routeOptions.config.access
  if (isPage(request) || /^\/((health|ready)z|api\/(docs(?![^/])|openapi\.json$))/.test(route)) return 'open'
  return isRead(request) ? 'read' : 'admin'
}

export interface Guard {
  /** Notes a wrong token. */
  failed(request: FastifyRequest, token: string): void
  /** @throws {HttpError} 429 while this address must wait */
  check(request: FastifyRequest): void
}

/**
 * Guards every route of `app`: checks host names, tokens and sessions, who may write, and pages of other sites.
 * Without ADMIN_TOKEN, every program on this machine may do everything; a page of another site may not.
 */
export function secure(app: FastifyInstance, config: Pick<Config, 'adminToken' | 'readToken'>, failures = failureCounter()): Guard {
  const tokenNeeded = config.adminToken !== undefined
  const { check, roleOf } = roles(config, failures)

  function visitorOf(request: FastifyRequest): Visitor {
    if (!tokenNeeded) return { who: 'local', canWrite: true }
    if (accessOf(request) === 'open') return { who: 'nobody', canWrite: false }
    const role = roleOf(request)
    if (role) return { who: role, canWrite: role === 'admin' }
    const why = request.headers.authorization === undefined ? 'Send Authorization: Bearer <token>, or log in' : 'This token is not known'
    throw new HttpError(401, why, { 'www-authenticate': 'Bearer realm="backhaul"' })
  }

  function checkWrite(request: FastifyRequest): void {
    if (isForeign(request)) throw new HttpError(403, 'Pages of other sites may not use this API.')
    // Forms and scripts of other sites can send only other content types without a preflight request.
    const isTyped = request.headers['content-type'] !== undefined && request.headers.authorization === undefined
    if (!isJson(request) && (hasBody(request) || isTyped))
      throw new HttpError(415, 'Send JSON with the header Content-Type: application/json.')
  }

  app.decorateRequest('visitor')
  app.addHook('onRequest', async (request, reply) => {
    // Pages and files have a cache-control of their own.
    if (!isPage(request)) reply.header('cache-control', 'no-store')
    if (!tokenNeeded) checkLocal(request)
    if (isEmbedded(request) && !isPage(request)) throw new HttpError(403, 'Pages of other sites may not use this API.')
    request.visitor = visitorOf(request)
    if (!isRead(request)) checkWrite(request)
    if (!request.visitor.canWrite && accessOf(request) === 'admin')
      throw new HttpError(403, 'This token is read-only; use ADMIN_TOKEN to change anything.')
  })
  return { failed: (request, token) => failures.failed(request.ip, token), check }
}

/** Without a token, only this machine is served, under a name of its own. */
function checkLocal({ headers, ip }: FastifyRequest): void {
  const host = hostName(headers.host ?? '')
  if (!LOOPBACK.test(host)) {
    const shown = isIP(host) || /^[\w.-]{1,100}$/.test(host) ? host : 'this name'
    throw new HttpError(421, `Without ADMIN_TOKEN only localhost is served, not ${shown}.`)
  }
  if (!LOOPBACK.test(ip.replace(/^::ffff:/i, '')))
    throw new HttpError(403, 'A proxy forwards requests of other machines: set ADMIN_TOKEN in .env to serve them.')
}
