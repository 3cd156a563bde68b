import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { Client } from 'pg'
import { Refused } from '../../backend/base/errors'
import { requireSchema } from '../../backend/bin/schema'
import { openDb } from '../../backend/database/db'
import { unreachable } from '../../backend/database/faults'
import { deploy, status } from '../../backend/migrate'
import { type TestDatabase, testDatabase } from '../support/env'
import { withPostgres } from '../support/own'
import { until } from '../support/until'

let env: TestDatabase
beforeAll(async () => {
  env = await testDatabase()
}, 120_000)
afterAll(() => env.close())

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

const beside = (name: string): string => Object.assign(new URL(env.databaseUrl), { pathname: `/${name}` }).href
const drop = (name: string) => run(env.databaseUrl, `drop database "${name}" with (force)`)

test('two processes that migrate a database which is not there yet apply each migration once', async () => {
  const url = beside(`${new URL(env.databaseUrl).pathname.slice(1)}_new`)
  const [one, two] = await Promise.all([deploy(url), deploy(url)])
  const found = await status(url)
  expect([...one, ...two].sort()).toEqual(found.applied)
  expect(found).toMatchObject({ upToDate: true, drift: null, failed: [], edited: [] })
  expect(await deploy(url)).toEqual([])
  await drop(new URL(url).pathname.slice(1))
})

test('what Prisma has no words for is no drift; a dropped column is', async () => {
  expect((await status(env.databaseUrl)).drift).toBeNull()
  await run(env.databaseUrl, 'alter table backhaul.jobs drop column open')
  const found = await status(env.databaseUrl)
  expect(found.upToDate).toBe(false)
  expect(found.drift).toContain('open')
})

test('a migration that stopped in the middle is named and not run again by itself', async () => {
  const it = await testDatabase()
  await run(
    it.databaseUrl,
    `update _prisma_migrations set finished_at = null, logs = 'ERROR: no room' where migration_name like '%_engine'`,
  )
  expect((await status(it.databaseUrl)).failed).toMatchObject([{ log: 'ERROR: no room' }])
  await expect(deploy(it.databaseUrl)).rejects.toThrow(/_engine failed on .*no room.*yarn migrate resolve/)
  await it.close()
})

test('an applied migration whose file has changed is named', async () => {
  const it = await testDatabase()
  await run(it.databaseUrl, `update _prisma_migrations set checksum = 'other' where migration_name like '%_engine'`)
  expect((await status(it.databaseUrl)).edited).toEqual([expect.stringContaining('_engine')])
  await expect(deploy(it.databaseUrl)).rejects.toThrow('was changed after it was applied')
  await it.close()
})

/** A database of its own for a role that may do what is granted, and the URL of that role. */
async function asGuest(granted: (database: string) => string, then: (guest: string, owner: string) => Promise<void>): Promise<void> {
  const database = `guest_${randomBytes(4).toString('hex')}`
  const [owner, admin] = [beside(database), asRole(env.databaseUrl, 'postgres')]
  await run(env.databaseUrl, `create database ${database}`)
  await run(admin, `create role ${database} login password 'backhaul'`)
  await run(asRole(owner, 'postgres'), granted(database))
  try {
    await then(asRole(owner, database), owner)
  } finally {
    await drop(database)
    await run(admin, `drop role ${database}`)
  }
}
const asRole = (url: string, role: string): string => Object.assign(new URL(url), { username: role }).href
const runsOf = (error: Error): string => /runs?: (.*;)/.exec(error.message)?.[1] ?? error.message
const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('nothing failed'),
    (error: Error) => error,
  )

withPostgres('a role without rights is told what it lacks, and the statements it is told to have run suffice', async () => {
  await asGuest(
    () => 'revoke create on schema public from public',
    async (guest, owner) => {
      const refused = await failure(deploy(guest))
      expect(refused).toMatchObject({ code: 'setup' })
      expect(refused.message).toMatch(
        /grant create on database "guest_\w+" to "guest_\w+"; grant usage, create on schema "public" to "guest_\w+";$/,
      )
      expect((await status(guest)).failed).toEqual([])
      await run(asRole(owner, 'postgres'), runsOf(refused))
      expect((await deploy(guest)).length).toBeGreaterThan(0)
      expect(await status(guest)).toMatchObject({ upToDate: true })
    },
  )
})

withPostgres('a role that does not own what is there is told whose rights it needs', async () => {
  await asGuest(
    (guest) => `grant create on database "${guest}" to "${guest}"`,
    async (guest, owner) => {
      await deploy(owner)
      const reading = await failure(status(guest))
      expect(reading.message).toMatch(
        /may not migrate .*permission denied for table _prisma_migrations.*grant all on table public\._prisma_migrations to "guest_/,
      )
      await run(asRole(owner, 'postgres'), runsOf(reading))
      await run(owner, 'delete from _prisma_migrations where migration_name = (select max(migration_name) from _prisma_migrations)')
      const refused = await failure(deploy(guest))
      expect(refused.message).toMatch(/failed on .*: its owner or a superuser runs: grant .* to "guest_\w+"; then run yarn migrate resolve/)
    },
  )
})

test('migrations are recorded in public, whatever search_path says; those recorded elsewhere are found', async () => {
  const it = await testDatabase()
  const name = new URL(it.databaseUrl).pathname.slice(1)
  await run(it.databaseUrl, `create schema other; alter database ${name} set search_path = other`)
  expect(await status(it.databaseUrl)).toMatchObject({ upToDate: true })
  await run(it.databaseUrl, 'alter table public._prisma_migrations set schema other')
  const refused = await failure(deploy(it.databaseUrl))
  expect(refused.message).toMatch(/recorded in the schema other, because search_path/)
  await run(it.databaseUrl, runsOf(refused))
  expect(await deploy(it.databaseUrl)).toEqual([])
  await it.close()
})

test('a migration that failed or was killed leaves no lock', async () => {
  const it = await testDatabase()
  const holder = new Client({ connectionString: it.databaseUrl })
  await holder.connect()
  const locks = async () =>
    (
      await holder.query(
        `select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
      )
    ).rowCount
  await run(it.databaseUrl, `update _prisma_migrations set checksum = 'other'`)
  await failure(deploy(it.databaseUrl))
  expect(await locks()).toBe(0)
  // Whoever reads the table keeps this one waiting, with the lock in hand, until it is killed.
  await holder.query('begin; lock table public._prisma_migrations')
  const child = spawn(process.execPath, [join(__dirname, '..', '..', 'dist/scripts/migrate.js')], {
    env: { PATH: process.env.PATH, DATABASE_URL: it.databaseUrl, DIRECT_DATABASE_URL: '' },
    stdio: 'ignore',
  })
  await until(async () => (await locks()) === 1, { what: 'the migration to hold its lock' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await holder.query('rollback')
  await until(async () => (await locks()) === 0, { what: 'the lock to be gone' })
  await holder.end()
  await it.close()
})

test('a wrong password and a server that is not there are one sentence each, without the password', async () => {
  const wrong = Object.assign(new URL(env.databaseUrl), { password: 'sesame' }).href
  await expect(status(wrong)).rejects.toThrow(/refuses the password of backhaul: correct DATABASE_URL\.$/)
  expect(unreachable('postgresql://u:sesame@h:1/d', { code: 'ECONNREFUSED', message: '' }).message).toMatch(/^No PostgreSQL answers at h:1/)
})

test('a database that is too busy to say what it has is no fault of a setting: the process ends so that PM2 tries again', async () => {
  const [db, other] = [openDb(env.databaseUrl, { name: 'busy' }), new Client({ connectionString: env.databaseUrl })]
  await other.connect()
  await other.query('begin; lock table public._prisma_migrations')
  const [asked] = await Promise.allSettled([
    requireSchema(env.databaseUrl, db),
    until(
      async () =>
        (
          await other.query(
            `select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'busy' and wait_event_type = 'Lock'`,
          )
        ).rowCount === 1,
      { what: 'the question to wait' },
    ),
  ])
  await Promise.all([db.close(), other.end()])
  const { reason } = asked as PromiseRejectedResult
  expect(reason).not.toBeInstanceOf(Refused)
  expect(reason.message).toMatch(/PostgreSQL at DATABASE_URL cannot answer now: /)
})
