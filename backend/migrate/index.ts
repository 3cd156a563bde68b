import type { Client } from 'pg'
import { Refused } from '../base/errors'
import { nameOf } from '../database/url'
import { ensureDatabase, withScratchDatabase, withSession } from './connect'
import { type Migration, migrationList, migrations, schemaFiles, writeMigration } from './files'
import { grantFor, missingRight, type Roles, requireRights, rolesOf } from './rights'
import { type SchemaEngine, withSchemaEngine } from './schema-engine'

/** How a database compares with prisma/migrations and prisma/schema. */
export interface Status {
  /** Every migration is applied as it is written, and nothing differs. */
  upToDate: boolean
  applied: string[]
  pending: string[]
  /** Started but not finished, with the database's error. */
  failed: { name: string; log: string }[]
  /** Applied, but the file has changed since. */
  edited: string[]
  /** In the database, but not in this checkout. */
  unknown: string[]
  /** How the tables differ from prisma/schema; null when they do not, or while a migration is pending. */
  drift: string | null
}

interface Row {
  migration_name: string
  checksum: string
  finished: boolean
  logs: string | null
}

const filters = { externalTables: [], externalEnums: [] }
/** An arbitrary number that nothing else in the database locks. */
const LOCK = 7_205_759_403
const LOCK_WAIT_MS = 120_000
/** Why a pooler is refused: its session would keep the lock for the next client. */
const WHAT = 'a migration'

async function rowsOf(client: Client, url: string): Promise<Row[]> {
  const sql = `select migration_name, checksum, finished_at is not null as finished, logs
    from public._prisma_migrations where rolled_back_at is null order by started_at`
  try {
    const places = await placesOf(client)
    if (places.includes('public')) return (await client.query<Row>(sql)).rows
    if (places[0] === undefined) return []
    throw new Refused(
      'setup',
      `The migrations of ${nameOf(url)} are recorded in the schema ${places[0]}, because search_path was different when they ran; run: alter table "${places[0]}"._prisma_migrations set schema public;`,
    )
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    throw (code === '42501' ? missingRight(url, message, await rolesOf(client)) : undefined) ?? error
  }
}

/** The schemas with a table that may record our migrations; another program's table in its own schema does not count. */
async function placesOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ place: string }>(
    `select schemaname::text as place from pg_tables where tablename = '_prisma_migrations'
        and (schemaname = 'public' or exists (select from pg_tables where schemaname = 'backhaul' and tablename = 'jobs'))`,
  )
  return rows.map(({ place }) => place)
}

function compare(rows: readonly Row[], list: readonly Migration[]): Omit<Status, 'drift' | 'upToDate'> {
  const done = new Map(rows.filter((row) => row.finished).map((row) => [row.migration_name, row]))
  const known = new Set(list.map(({ name }) => name))
  return {
    applied: list.filter(({ name }) => done.has(name)).map(({ name }) => name),
    pending: list.filter(({ name }) => !done.has(name)).map(({ name }) => name),
    failed: rows
      .filter((row) => !row.finished)
      .map((row) => ({ name: row.migration_name, log: firstLine(row.logs ?? 'stopped in the middle') })),
    edited: list.filter(({ name, checksum }) => done.get(name) && done.get(name)?.checksum !== checksum).map(({ name }) => name),
    unknown: [...done.keys()].filter((name) => !known.has(name)),
  }
}

/** The difference between the database at `url` and prisma/schema; null when there is none. */
async function differences(url: string, script: boolean): Promise<string | null> {
  const files = schemaFiles()
  const diff = { script, exitCode: true, shadowDatabaseUrl: null, filters }
  const [from, to] = [{ tag: 'schemaDatasource', files, configDir: '' } as const, { tag: 'schemaDatamodel', files } as const]
  const result = await withSchemaEngine(url, files, (engine) => engine.diff({ ...diff, from, to }))
  return result.exitCode === 0 ? null : (result.stdout ?? '').trim()
}

/**
 * Compares a database with prisma/migrations and prisma/schema; changes nothing.
 * @throws {Refused} `setup` when the database cannot be reached
 */
export async function status(url: string): Promise<Status> {
  const found = compare(await withSession(url, WHAT, (client) => rowsOf(client, url)), migrations())
  const settled = found.pending.length + found.failed.length + found.unknown.length === 0
  const drift = settled ? await differences(url, false) : null
  return { ...found, drift, upToDate: settled && found.edited.length === 0 && drift === null }
}

/** The database's error, out of Prisma's log with its stack frames. */
const firstLine = (text: string): string => {
  const error = /ERROR: .*/.exec(text)?.[0]
  return error?.trim() ?? text.split('\n').find((line) => line.trim() !== '' && line !== 'external connector error') ?? text
}

function refusal(found: Omit<Status, 'drift' | 'upToDate'>, url: string, roles: Roles): Refused | undefined {
  const [failed] = found.failed
  if (failed) {
    const grant = grantFor(failed.log, roles)
    const fix = grant ? `its owner or a superuser runs: ${grant};` : 'fix the cause,'
    return new Refused(
      'setup',
      `Migration ${failed.name} failed on ${nameOf(url)} (${failed.log}): ${fix} then run yarn migrate resolve ${failed.name} and yarn migrate.`,
    )
  }
  if (found.edited[0]) {
    return new Refused(
      'setup',
      `Migration ${found.edited[0]} was changed after it was applied to ${nameOf(url)}: restore its file and write a new migration.`,
    )
  }
  return undefined
}

async function apply(engine: SchemaEngine, list: readonly Migration[]): Promise<string[]> {
  return (await engine.applyMigrations({ migrationsList: migrationList(list), filters })).appliedMigrationNames
}

/**
 * Applies pending migrations, one process at a time; creates the database if it is missing and the role has the right.
 * @returns the names of the applied migrations
 * @throws {Refused} `setup` with what prevents it
 */
export async function deploy(url: string): Promise<string[]> {
  await ensureDatabase(url)
  return await withSession(url, WHAT, async (client) => {
    await lock(client, url)
    const roles = await rolesOf(client)
    const list = migrations()
    const read = async () => compare(await rowsOf(client, url), list)
    const before = await read()
    const stop = refusal(before, url, roles)
    if (stop) throw stop
    if (before.pending.length === 0) return []
    await requireRights(
      client,
      url,
      list.filter(({ name }) => before.pending.includes(name)),
    )
    try {
      return await withSchemaEngine(url, schemaFiles(), (engine) => apply(engine, list))
    } catch (error) {
      throw refusal(await read(), url, roles) ?? missingRight(url, firstLine((error as Error).message), roles) ?? error
    }
  })
}

async function lock(client: Client, url: string): Promise<void> {
  await client.query(`set lock_timeout = ${LOCK_WAIT_MS}`)
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK])
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    throw new Refused(
      'setup',
      `Another process has been migrating ${nameOf(url)} for ${LOCK_WAIT_MS / 1000} s: wait for it or stop it, then try again.`,
    )
  }
}

/**
 * Writes the migration from prisma/migrations to prisma/schema.
 * @param url a database on whose server a temporary one may be created
 * @returns its name; null when nothing differs
 */
export async function create(url: string, name: string): Promise<string | null> {
  const sql = await withScratchDatabase(url, async (scratch) => {
    if (migrations().length > 0) await withSchemaEngine(scratch, schemaFiles(), (engine) => apply(engine, migrations()))
    return await differences(scratch, true)
  })
  return sql === null ? null : writeMigration(name, `${sql}\n`)
}

/** Marks a failed migration as rolled back, so that the next `deploy` runs it again. */
export async function resolve(url: string, migrationName: string): Promise<void> {
  await withSession(url, WHAT, () => withSchemaEngine(url, schemaFiles(), (engine) => engine.markMigrationRolledBack({ migrationName })))
}
