import { backfillStory, CHARACTER, type Story } from '../support/backfill'
import { makeHostile } from '../support/hostile'
import { withServices as it } from '../support/own'
import { type Broker, type Postgres, startBroker, startPostgres } from '../support/services'
import { until } from '../support/until'

let story: Story
let broker: Broker
let postgres: Postgres

beforeAll(async () => {
  ;[story, broker, postgres] = await Promise.all([backfillStory(), startBroker(), startPostgres()])
}, 240_000)
afterAll(async () => {
  await Promise.all([story.close(), broker.kill(), postgres.kill()])
})

it('survives a restart and a crash of Postgres in mid-run, in a database whose defaults are not ours', async () => {
  const databaseUrl = new URL(postgres.url)
  databaseUrl.pathname = '/story'
  const it = await story.fresh({ databaseUrl: databaseUrl.toString(), rabbitmqUrl: broker.url })
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
