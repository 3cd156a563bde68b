import type { Client } from 'pg'
import { Refused } from '../base/errors'
import { nameOf } from '../database/url'
import { ensureDatabase, withScratchDatabase, withSession } from './connect'
import { type Migration, migrationList, migrations, schemaFiles, writeMigration } from './files'
import { grantFor, missingRight, type Roles, requireRights, rolesOf } from './rights'
import { type SchemaEngine, withSchemaEngine } from './schema-engine'

/** Where a database stands against prisma/migrations and prisma/schema. */
export interface Status {
  /** The database is reachable and every migration is applied as it is written, and nothing differs. */
  upToDate: boolean
  applied: string[]
  pending: string[]
  /** Begun and not ended, with what the database said. */
  failed: { name: string; log: string }[]
  /** Applied, but their file has changed since. */
  edited: string[]
  /** In the database, but not in this checkout. */
  unknown: string[]
  /** How the tables differ from prisma/schema; null when they do not, or while something is pending. */
  drift: string | null
}

interface Row {
  migration_name: string
  checksum: string
  finished: boolean
  logs: string | null
}

const filters = { externalTables: [], externalEnums: [] }
/** Any number that nobody else in the database locks. */
const LOCK = 7_205_759_403
const LOCK_WAIT_MS = 120_000
/** What a pooler is refused for: it would keep the lock of a migration for whoever comes next. */
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
      `Migrations of ${nameOf(url)} are noted in the schema ${places[0]}, because its search_path was another then: run: alter table "${places[0]}"._prisma_migrations set schema public;`,
    )
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    throw (code === '42501' ? missingRight(url, message, await rolesOf(client)) : undefined) ?? error
  }
}

/** The schemas with a table that may note our migrations; another program's in its own schema is none of ours. */
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

/** What a diff from the database at `url` to prisma/schema says; null when there is none. */
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

/** What the database said, out of Prisma's log with its own frames. */
const firstLine = (text: string): string => {
  const said = /ERROR: .*/.exec(text)?.[0]
  return said?.trim() ?? text.split('\n').find((line) => line.trim() !== '' && line !== 'external connector error') ?? text
}

function refusal(found: Omit<Status, 'drift' | 'upToDate'>, url: string, roles: Roles): Refused | undefined {
  const [failed] = found.failed
  if (failed) {
    const grant = grantFor(failed.log, roles)
    const mend = grant ? `its owner or a superuser runs: ${grant};` : 'mend what it names,'
    return new Refused(
      'setup',
      `Migration ${failed.name} has failed on ${nameOf(url)} (${failed.log}): ${mend} then yarn migrate resolve ${failed.name} lets it run again.`,
    )
  }
  if (found.edited[0]) {
    return new Refused(
      'setup',
      `Migration ${found.edited[0]} was changed after it had been applied to ${nameOf(url)}: restore its file and write a new migration.`,
    )
  }
  return undefined
}

async function apply(engine: SchemaEngine, list: readonly Migration[]): Promise<string[]> {
  return (await engine.applyMigrations({ migrationsList: migrationList(list), filters })).appliedMigrationNames
}

/**
 * Applies what is pending, one process at a time; creates the database where it is missing and the role may.
 * @returns the names of the migrations that it applied
 * @throws {Refused} `setup`, saying what stands in the way
 */
export async function deploy(url: string): Promise<string[]> {
  await ensureDatabase(url)
  return await withSession(url, WHAT, async (client) => {
    await lock(client, url)
    const roles = await rolesOf(client)
    const list = migrations()
    const look = async () => compare(await rowsOf(client, url), list)
    const before = await look()
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
      throw refusal(await look(), url, roles) ?? missingRight(url, firstLine((error as Error).message), roles) ?? error
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
      `Another process has been migrating ${nameOf(url)} for ${LOCK_WAIT_MS / 1000} s: wait for it or end it, then try again.`,
    )
  }
}

/**
 * Writes the migration that leads from prisma/migrations to prisma/schema.
 * @param url a database beside which a scratch one may be created for a moment
 * @returns its name, or null when there is nothing to write
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
