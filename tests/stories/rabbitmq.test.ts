import { connect } from 'amqplib'
import { backfillStory, CHARACTER, type Story } from '../support/backfill'
import { withServices as it } from '../support/own'
import { tcpProxy } from '../support/proxy'
import { type Broker, startBroker, startPostgres } from '../support/services'
import type { System } from '../support/system'
import { until } from '../support/until'

/*
 * RabbitMQ is only the transport: it may be cut, stopped, emptied, and its queues may vanish in mid-run.
 */

let story: Story
let broker: Broker
let postgres: Awaited<ReturnType<typeof startPostgres>>
let n = 0

beforeAll(async () => {
  ;[story, broker, postgres] = await Promise.all([backfillStory(), startBroker(), startPostgres()])
}, 240_000)
afterAll(async () => {
  await Promise.all([story.close(), broker.kill(), postgres.kill()])
})

/** Starts a backfill on services of its own, harms the broker once some pages are in, and expects the usual end. */
async function harmed(harm: (it: System) => Promise<void>, rabbitmqUrl = broker.url): Promise<void> {
  const databaseUrl = new URL(postgres.url)
  databaseUrl.pathname = `/story_${++n}`
  const it = await story.fresh({ databaseUrl: databaseUrl.toString(), rabbitmqUrl })
  await story.startAll(it, 2)
  const job = await it.queueCharacter(CHARACTER)
  await until(async () => (await it.db.query('select 1 from backhaul.tasks where step >= 2')).length > 0, {
    timeoutMs: 30_000,
    what: 'two pages',
  })
  await harm(it)
  await story.endsAsIfUndisturbed(it, job)
  await it.close()
}

it(
  'is stopped and started',
  () =>
    harmed(async () => {
      await broker.stop()
      await broker.start()
    }),
  240_000,
)

it('loses all its data', () => harmed(() => broker.wipe()), 240_000)

it('loses its connections', async () => {
  const proxy = await tcpProxy(broker.amqpPort)
  const url = new URL(broker.url)
  url.port = String(proxy.port)
  await harmed(async () => {
    for (let cuts = 0; cuts < 3; cuts++) proxy.cut()
  }, url.toString())
  await proxy.close()
}, 240_000)

it(
  'loses the queues that are in use',
  () =>
    harmed(async () => {
      const connection = await connect(broker.url)
      const channel = await connection.createChannel()
      for (const queue of ['zkillboard_backfill_queue', 'esi_character_info_queue']) await channel.deleteQueue(queue)
      await connection.close()
    }),
  240_000,
)

it('closes every connection from its own side', () => harmed(async () => void broker.ctl('close_all_connections', 'a test')), 240_000)
