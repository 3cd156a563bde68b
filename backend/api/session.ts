import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/config'

/*
 * Who somebody is: by his token, or by a cookie that proves he once showed it. Nothing is kept of it: any api process
 * can check a cookie, and a token that is changed ends what it had allowed.
 */

export const COOKIE = 'backhaul_session'
/** A session ends after this long, s. */
export const SESSION_S = 24 * 3600

export type Role = 'admin' | 'reader'
export type Tokens = Pick<Config, 'adminToken' | 'readToken'>

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
/** Takes the same time whatever is the same; hashed first, because the comparison wants equal lengths. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

/** What a token allows; both are compared whatever the first says. */
export function roleOfToken(tokens: Tokens, token: string): Role | undefined {
  const isAdmin = equal(token, tokens.adminToken ?? '') && tokens.adminToken !== undefined
  const isReader = equal(token, tokens.readToken ?? '') && tokens.readToken !== undefined
  return isAdmin ? 'admin' : isReader ? 'reader' : undefined
}

const tokenOf = (tokens: Tokens, role: string): string | undefined =>
  role === 'admin' ? tokens.adminToken : role === 'reader' ? tokens.readToken : undefined

const sign = (token: string, text: string): string =>
  createHmac('sha256', createHmac('sha256', token).update('backhaul session').digest()).update(text).digest('base64url')

/** The cookie's value: a role, when it ends, and the proof. */
export function makeSession(tokens: Tokens, role: Role, now = Date.now()): string {
  const token = tokenOf(tokens, role)
  if (token === undefined) throw new Error(`there is no token for ${role}`)
  const text = `${role}.${Math.floor(now / 1000) + SESSION_S}`
  return `${text}.${sign(token, text)}`
}

/** The role a cookie proves; undefined when it has ended or was not made by us. */
export function roleOfSession(tokens: Tokens, value: string, now = Date.now()): Role | undefined {
  const [role = '', endsAt = '', proof = '', ...more] = value.split('.')
  const token = tokenOf(tokens, role)
  if (token === undefined || more.length > 0 || !/^\d{1,12}$/.test(endsAt)) return undefined
  if (!equal(proof, sign(token, `${role}.${endsAt}`)) || Number(endsAt) * 1000 <= now) return undefined
  return role as Role
}
