import '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import type { Failures } from './failures'
import { HttpError } from './problems'
import { COOKIE, type Role, roleOfSession, roleOfToken, type Tokens } from './session'

/** Sessions remembered; the oldest are forgotten first. */
const MAX_SESSIONS = 1000

/** Finds the role of a request by its token or cookie, and counts wrong ones. */
export function roles(tokens: Tokens, failures: Failures) {
  const sessions = new Set<string>()

  /** @throws {HttpError} 429 while this address must wait */
  function check({ ip }: FastifyRequest): void {
    const wait = failures.waitOf(ip)
    if (wait > 0) throw new HttpError(429, `Too many wrong tokens from ${ip}; wait ${wait} s.`, { 'retry-after': String(wait) })
  }

  function remember(cookie: string): void {
    sessions.add(cookie)
    const [oldest] = sessions
    if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest)
  }

  /** A cookie made with a guessed token would show whether the guess is right, so it counts too; a cookie that was valid before does not. */
  function roleOfCookie(request: FastifyRequest): Role | undefined {
    const cookie = request.cookies[COOKIE]
    if (!cookie) return undefined
    if (!sessions.has(cookie)) check(request)
    const role = roleOfSession(tokens, cookie)
    if (role) remember(cookie)
    else failures.failed(request.ip, cookie)
    return role
  }

  /** @throws {HttpError} 429 while this address must wait */
  function roleOf(request: FastifyRequest): Role | undefined {
    const { authorization } = request.headers
    if (authorization === undefined) return roleOfCookie(request)
    check(request)
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
    const role = token === undefined ? undefined : roleOfToken(tokens, token)
    if (!role) failures.failed(request.ip, authorization)
    return role
  }

  return { check, roleOf }
}
