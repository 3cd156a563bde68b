import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/config'

/*
 * Who a client is: by its token, or by a cookie that proves that it once sent the token. Nothing is stored: any api process can check a
 * cookie, and changing a token ends the sessions made with it.
 */

export const COOKIE = 'backhaul_session'
/** A session ends after this long, s. */
export const SESSION_S = 24 * 3600

export type Role = 'admin' | 'reader'
export type Tokens = Pick<Config, 'adminToken' | 'readToken'>

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
/** Takes the same time for every pair; hashed first, because the comparison needs equal lengths. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

/** The role of a token; always compares with both, to take the same time. */
export function roleOfToken(tokens: Tokens, token: string): Role | undefined {
  const isAdmin = equal(token, tokens.adminToken ?? '') && tokens.adminToken !== undefined
  const isReader = equal(token, tokens.readToken ?? '') && tokens.readToken !== undefined
  return isAdmin ? 'admin' : isReader ? 'reader' : undefined
}

const tokenOf = (tokens: Tokens, role: string): string | undefined =>
  role === 'admin' ? tokens.adminToken : role === 'reader' ? tokens.readToken : undefined

const sign = (token: string, text: string): string =>
  createHmac('sha256', createHmac('sha256', token).update('backhaul session').digest()).update(text).digest('base64url')

/** The cookie's value: role, end and signature. */
export function makeSession(tokens: Tokens, role: Role, now = Date.now()): string {
  const token = tokenOf(tokens, role)
  if (token === undefined) throw new Error(`no token is set for ${role}`)
  const text = `${role}.${Math.floor(now / 1000) + SESSION_S}`
  return `${text}.${sign(token, text)}`
}

/** The role that a cookie proves; undefined when it has expired or was not made here. */
export function roleOfSession(tokens: Tokens, value: string, now = Date.now()): Role | undefined {
  const [role = '', endsAt = '', proof = '', ...more] = value.split('.')
  const token = tokenOf(tokens, role)
  if (token === undefined || more.length > 0 || !/^\d{1,12}$/.test(endsAt)) return undefined
  if (!equal(proof, sign(token, `${role}.${endsAt}`)) || Number(endsAt) * 1000 <= now) return undefined
  return role as Role
}
