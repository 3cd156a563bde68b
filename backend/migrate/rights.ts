import type { Client } from 'pg'
import { Refused } from '../base/errors'
import { READ_ONLY_TEXT } from '../database/faults'
import { nameOf } from '../database/url'
import type { Migration } from './files'

/** The role that migrates, and the owner of what exists already. */
export interface Roles {
  role: string
  database: string
  /** Owner of the schema `backhaul`; null before it exists. */
  owner: string | null
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export async function rolesOf(client: Client): Promise<Roles> {
  const sql = `select current_user::text as role, current_database()::text as database,
    (select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = 'backhaul') as owner`
  return (await client.query<Roles>(sql)).rows[0] as Roles
}

/** The statement that grants the right whose absence Postgres reported in `text`; undefined when the text is about something else. */
export function grantFor(text: string, { role, database, owner }: Roles): string | undefined {
  const to = quoted(role)
  const schema = /permission denied for schema (\S+)/.exec(text)?.[1]
  if (schema) return `grant usage, create on schema ${quoted(schema)} to ${to}`
  if (/permission denied for database/.test(text)) return `grant create on database ${quoted(database)} to ${to}`
  if (/permission denied for table _prisma_migrations/.test(text)) return `grant all on table public._prisma_migrations to ${to}`
  if (/must be owner of|permission denied for (table|view|sequence|function|type)/.test(text) && owner && owner !== role)
    return `grant ${quoted(owner)} to ${to}`
  return undefined
}

/** The error that names a missing right and who can grant it; undefined when `text` is about something else. */
export function missingRight(url: string, text: string, roles: Roles): Refused | undefined {
  const grant = grantFor(text, roles)
  if (!grant) return undefined
  return new Refused('setup', `The role ${roles.role} may not migrate ${nameOf(url)} (${text}): its owner or a superuser runs: ${grant};`)
}

interface Found {
  writable: boolean
  database: boolean
  /** Null: there is no such schema. */
  public: boolean | null
  recorded: boolean
}

/**
 * Checks the rights that the first statements of these migrations need, because a person has to resolve a migration that fails halfway.
 * @throws {Refused} `setup` with the missing right and the statement that grants it
 */
export async function requireRights(client: Client, url: string, pending: readonly Migration[]): Promise<void> {
  const sql = `select current_setting('transaction_read_only') = 'off' as writable,
    has_database_privilege(current_database(), 'create') as database,
    (select has_schema_privilege(oid, 'create') from pg_namespace where nspname = 'public') as public,
    exists (select from pg_tables where schemaname = 'public' and tablename = '_prisma_migrations') as recorded`
  const found = (await client.query<Found>(sql)).rows[0] as Found
  if (!found.writable) throw new Refused('setup', READ_ONLY_TEXT)
  if (found.public === null)
    throw new Refused('setup', `${nameOf(url)} has no schema public, which records the applied migrations; run: create schema public;`)
  const missing = [
    // Postgres requires it even when the schema exists.
    ...(!found.database && pending.some(({ sql: text }) => /create schema/i.test(text)) ? ['permission denied for database'] : []),
    ...(!found.recorded && !found.public ? ['permission denied for schema public'] : []),
  ]
  if (missing.length === 0) return
  const roles = await rolesOf(client)
  const grants = missing.map((text) => `${grantFor(text, roles)};`)
  throw new Refused(
    'setup',
    `The role ${roles.role} may not create ${missing.length > 1 ? 'schemas and the table' : found.database ? 'the table' : 'schemas'} that ${nameOf(url)} needs: its owner or a superuser runs: ${grants.join(' ')}`,
  )
}
