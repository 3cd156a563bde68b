import { backfillStory, CHARACTER, type Story } from '../support/backfill'
import { type TestEnv, testEnv } from '../support/env'
import { makeHostile } from '../support/hostile'
import { withPostgres as it } from '../support/own'
import { type Postgres, startPostgres } from '../support/services'
import { until } from '../support/until'

let story: Story
let env: TestEnv
let postgres: Postgres

beforeAll(async () => {
  ;[story, env, postgres] = await Promise.all([backfillStory(), testEnv(), startPostgres()])
}, 240_000)
afterAll(async () => {
  await story.close()
  await Promise.all([env.close(), postgres.kill()])
})

it('survives a restart and a crash of Postgres in mid-run, in a database whose defaults are not ours', async () => {
  const databaseUrl = new URL(postgres.url)
  databaseUrl.pathname = '/story'
  const it = await story.fresh({ databaseUrl: databaseUrl.toString(), rabbitmqUrl: env.rabbitmqUrl })
  await makeHostile(databaseUrl.toString())
  await story.startAll(it, 2)
  const job = await it.queueCharacter(CHARACTER)
  const pages = (n: number) =>
    until(async () => (await it.db.query('select 1 from backhaul.tasks where step >= $1', [n])).length > 0, {
      timeoutMs: 60_000,
      what: `${n} pages`,
    })
  await pages(2)
  await postgres.restart()
  await pages(4)
  await postgres.kill()
  await postgres.start()
  await story.endsAsIfUndisturbed(it, job)
  await it.close()
}, 240_000)
