import { baseUrlOf } from '../../config/apis'
import type { Service } from '../../service/base/context'
import { listActions } from '../../service/suite/actions'
import { HttpError } from '../problems'
import { COOKIE, makeSession, roleOfToken, SESSION_S } from '../session'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

/** Whether an upstream is replaced by a server on this machine. */
function isSandbox({ sources, config }: Service): boolean {
  const hosts = sources.flatMap((source) => Object.values(source.apis).map((api) => new URL(baseUrlOf(api, config)).hostname))
  return hosts.some((host) => /^(localhost|127\..*|\[::1\])$/.test(host))
}

/** The client's role, login and logout, and the log of actions. */
export function access(app: App, { service, version, guard }: Context): void {
  const { config } = service
  const tags = ['access']
  const cookie = (https: boolean) => ({ path: '/', httpOnly: true, sameSite: 'strict', secure: https, maxAge: SESSION_S }) as const
  // With several proxies the first value is the client's protocol.
  const isHttps = (proto: unknown) => /^https\b/.test(String(proto))
  const tokenNeeded = config.adminToken !== undefined
  const about = { version, tokenNeeded, sandbox: isSandbox(service) }

  app.get(
    '/api/me',
    {
      schema: {
        tags,
        operationId: 'getMe',
        summary: 'Get the role of the client and what it may do',
        querystring: shapes.noQuery,
        response: { 200: shapes.me, ...refusals() },
      },
    },
    async ({ visitor }) => ({ who: visitor.who as 'admin', canWrite: visitor.canWrite, ...about }),
  )
  app.post(
    '/api/login',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'login',
        summary: 'Exchange a token for a session cookie',
        security: [],
        body: shapes.loginBody,
        response: { 200: shapes.me, ...refusals(403, 429) },
      },
    },
    async (request, reply) => {
      if (!tokenNeeded) return { who: 'local' as const, canWrite: true, ...about }
      guard.check(request)
      const role = roleOfToken(config, request.body.token.trim())
      if (!role) {
        guard.failed(request, request.body.token)
        throw new HttpError(401, 'This token is not known')
      }
      reply.setCookie(COOKIE, makeSession(config, role), cookie(isHttps(request.headers['x-forwarded-proto'])))
      return { who: role, canWrite: role === 'admin', ...about }
    },
  )
  app.post(
    '/api/logout',
    {
      config: { access: 'open' },
      schema: {
        tags,
        operationId: 'logout',
        summary: 'End the session',
        security: [],
        response: { 204: shapes.nothing, ...refusals(403) },
      },
    },
    async (request, reply) => {
      reply.clearCookie(COOKIE, cookie(isHttps(request.headers['x-forwarded-proto'])))
      return await reply.code(204).send()
    },
  )
  app.get(
    '/api/actions',
    {
      schema: {
        tags,
        operationId: 'listActions',
        summary: 'List actions, newest first: what was done, by whom and from where',
        querystring: shapes.pageQuery,
        response: { 200: shapes.actionList, ...refusals() },
      },
    },
    async ({ query }) => await listActions(service, query),
  )
}
