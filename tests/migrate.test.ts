import { Client } from 'pg'
import { unreachable } from '../backend/database-faults'
import { deploy, status } from '../backend/migrate'
import { type TestEnv, testEnv } from './support/env'

let env: TestEnv
beforeAll(async () => {
  env = await testEnv()
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
  const it = await testEnv()
  await run(
    it.databaseUrl,
    `update _prisma_migrations set finished_at = null, logs = 'ERROR: no room' where migration_name like '%_engine'`,
  )
  expect((await status(it.databaseUrl)).failed).toMatchObject([{ log: 'ERROR: no room' }])
  await expect(deploy(it.databaseUrl)).rejects.toThrow(/_engine has failed on .*no room.*yarn migrate resolve/)
  await it.close()
})

test('an applied migration whose file has changed is named', async () => {
  const it = await testEnv()
  await run(it.databaseUrl, `update _prisma_migrations set checksum = 'other' where migration_name like '%_engine'`)
  expect((await status(it.databaseUrl)).edited).toEqual([expect.stringContaining('_engine')])
  await expect(deploy(it.databaseUrl)).rejects.toThrow('was changed after it had been applied')
  await it.close()
})

test('a wrong password and a server that is not there are one sentence each, without the password', async () => {
  const wrong = Object.assign(new URL(env.databaseUrl), { password: 'sesame' }).href
  await expect(status(wrong)).rejects.toThrow(/refuses the password of backhaul: correct DATABASE_URL\.$/)
  expect(unreachable('postgresql://u:sesame@h:1/d', { code: 'ECONNREFUSED', message: '' }).message).toMatch(/^No PostgreSQL answers at h:1/)
})
