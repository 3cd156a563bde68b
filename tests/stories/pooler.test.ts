import { backfillStory, CHARACTER, KILLMAILS, type Story } from '../support/backfill'
import { type TestEnv, testEnv } from '../support/env'
import { makeHostile } from '../support/hostile'
import { type Pooler, startPgbouncer, withPgbouncer } from '../support/pgbouncer'
import { freePort } from '../support/run'

let story: Story
let env: TestEnv
let pooler: Pooler

withPgbouncer('a whole suite behind PgBouncer in transaction mode', () => {
  beforeAll(async () => {
    ;[story, env] = await Promise.all([backfillStory(), testEnv()])
    // Fewer servers than connections, so that processes take turns on each.
    pooler = await startPgbouncer(env.databaseUrl, { default_pool_size: 5 })
  }, 240_000)
  afterAll(async () => {
    await story.close()
    await pooler.close()
    await env.close()
  })

  test('ends as one without, and each process says what it needs past the pooler', async () => {
    const services = { databaseUrl: pooler.url(env.databaseUrl), rabbitmqUrl: env.rabbitmqUrl, directDatabaseUrl: env.databaseUrl }
    const it = await story.fresh(services)
    await makeHostile(env.databaseUrl)
    await story.startAll(it, 2)
    const [API_PORT, METRICS_PORT] = [String(await freePort()), String(await freePort())]
    const api = await it.start('dist/backend/bin/api.js', [], { API_PORT, METRICS_PORT })
    const job = await it.queueCharacter(CHARACTER)
    await story.endsAsIfUndisturbed(it, job)
    const ready = await fetch(`http://127.0.0.1:${API_PORT}/readyz`)
    expect(await ready.json()).toMatchObject({ database: 'ok', schedulers: 1 })
    const report = await it.run('dist/scripts/jobs.js', 'report', job, '--json')
    expect(JSON.parse(report.out)).toMatchObject({ verified: true })
    expect((await it.run('dist/scripts/export.js', 'eve.killmails', '--columns', 'killmail_id')).out.trim().split('\n')).toHaveLength(
      1 + KILLMAILS,
    )
    await api.kill('SIGTERM')
    await expect(it.start('dist/backend/bin/scheduler.js', [], { DIRECT_DATABASE_URL: '' })).rejects.toThrow(
      /ended with 78: .*goes through a pooler.*DIRECT_DATABASE_URL/,
    )
    await it.close()
  }, 240_000)
})
