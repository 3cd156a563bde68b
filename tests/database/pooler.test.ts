import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Client } from 'pg'
import { type Db, openDb } from '../../backend/database/db'
import { deploy } from '../../backend/migrate'
import { command } from '../support/cli'
import { type TestEnv, testEnv } from '../support/env'
import { type Pooler, startPgbouncer, withPgbouncer } from '../support/pgbouncer'

let env: TestEnv
let pooler: Pooler
const dbs: Db[] = []
const open = (url: string, options: Parameters<typeof openDb>[1] = {}): Db => {
  const db = openDb(url, { max: 1, ...options })
  dbs.push(db)
  return db
}

withPgbouncer('behind PgBouncer in transaction mode', () => {
  beforeAll(async () => {
    env = await testEnv()
    pooler = await startPgbouncer(env.databaseUrl)
  }, 120_000)
  afterAll(async () => {
    await Promise.all(dbs.map((db) => db.close()))
    await pooler.close()
    await env.close()
  })

  test("one process's statement never runs as another's", async () => {
    const direct = open(env.databaseUrl)
    await direct.query('create table public.t (id int)')
    await direct.query('insert into public.t values (1), (2), (3)')
    const [a, b, c] = [open(pooler.url(env.databaseUrl)), open(pooler.url(env.databaseUrl)), open(pooler.url(env.databaseUrl))]
    const count = () => a?.query('select count(*)::int as n from t where id = $1', [1])
    expect(await count()).toEqual([{ n: 1 }])
    // While one holds the server on which the first statement was prepared, the other prepares its own on a second server.
    await c?.tx(async (tx) => {
      await tx.query('select 1')
      expect(await b?.query('delete from t where id = $1 returning id', [999])).toEqual([])
      expect(await count()).toEqual([{ n: 1 }])
    })
    expect(await direct.query('select id from t order by id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  test('what statements rely on holds in each transaction, and is left to nobody else', async () => {
    const db = open(pooler.url(env.databaseUrl))
    const name = new URL(env.databaseUrl).pathname.slice(1)
    await open(env.databaseUrl).query(`alter database ${name} set DateStyle = 'SQL, DMY'`)
    const moment = new Date('2024-01-02T03:04:05.678Z')
    const ask = `select $1::timestamptz as at, current_setting('statement_timeout') as timeout`
    expect(await db.query(ask, [moment])).toEqual([{ at: moment, timeout: '1min' }])
    expect(await db.tx((tx) => tx.query(ask, [moment]))).toEqual([{ at: moment, timeout: '1min' }])
    const other = new Client({ connectionString: pooler.url(env.databaseUrl) })
    await other.connect()
    const { rows } = await other.query(`select current_setting('statement_timeout') as timeout, current_setting('lock_timeout') as lock`)
    expect(rows).toEqual([{ timeout: '0', lock: '0' }])
    await other.end()
  })

  test('a migration, and what else needs a session, is refused with the setting to use; no lock is left', async () => {
    const through = pooler.url(env.databaseUrl)
    await expect(deploy(through)).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringMatching(/goes through a pooler, and a migration needs .* set DIRECT_DATABASE_URL/),
    })
    await expect(open(through, { session: "the scheduler's lock" }).query('select 1')).rejects.toThrow(
      /scheduler's lock .*DIRECT_DATABASE_URL/,
    )
    expect(
      await open(env.databaseUrl).query(
        `select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
      ),
    ).toEqual([])
    expect(await deploy(env.databaseUrl)).toEqual([])
  })

  test.each([['worker.js', 'worker-esi-type'], ['scheduler.js'], ['api.js']])(
    'a startup parameter that it refuses ends %s with 78, and doctor says why',
    async (...program) => {
      const through = `${pooler.url(env.databaseUrl)}?options=-c%20geqo%3Doff`
      const settings = { DATABASE_URL: through, DIRECT_DATABASE_URL: '', RABBITMQ_URL: env.rabbitmqUrl, CONTACT: 'tests@example.org' }
      const [script = '', ...args] = program
      const child = spawn(process.execPath, [join(__dirname, '../../dist/backend/bin', script), ...args], {
        env: { PATH: process.env.PATH ?? '', ...settings },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
      const why = /does not accept the startup parameter options: remove it from DATABASE_URL/
      expect({ code, out }).toEqual({ code: 78, out: expect.stringMatching(why) })
      const doctor = await command(settings, 'doctor --json')
      expect(doctor.code).toBe(1)
      expect(JSON.parse(doctor.out).findings).toContainEqual({ check: 'database', state: 'fault', text: expect.stringMatching(why) })
    },
  )
})
