import { connect } from 'amqplib'
import { backfillStory, CHARACTER, type Story } from '../support/backfill'
import { withServices as it } from '../support/own'
import { tcpProxy } from '../support/proxy'
import { type Broker, startBroker, startPostgres } from '../support/services'
import { until } from '../support/until'

/*
 * RabbitMQ is only the transport: it may be cut, stopped, emptied, and its queues may vanish in mid-run.
 */

let story: Story
let broker: Broker
let postgres: Awaited<ReturnType<typeof startPostgres>>

beforeAll(async () => {
  ;[story, broker, postgres] = await Promise.all([backfillStory(), startBroker(), startPostgres()])
}, 240_000)
afterAll(async () => {
  await Promise.all([story.close(), broker.kill(), postgres.kill()])
})

const QUEUES = [
  'zkillboard_backfill_queue',
  'esi_character_info_queue',
  'esi_corporation_info_queue',
  'esi_alliance_info_queue',
  'esi_type_info_queue',
] as const

/** Whether each queue exists and somebody consumes it. */
async function areConsumed(): Promise<boolean> {
  const connection = await connect(broker.url)
  try {
    const channel = await connection.createChannel()
    // The server closes the channel of a queue that it does not have; the check itself rejects.
    channel.on('error', () => undefined)
    const counts = await Promise.all(QUEUES.map(async (queue) => (await channel.checkQueue(queue)).consumerCount))
    return counts.every((count) => count > 0)
  } finally {
    await connection.close()
  }
}

it('is cut off, stopped, emptied and robbed of its queues during one backfill', async () => {
  const proxy = await tcpProxy(broker.amqpPort)
  const url = new URL(broker.url)
  url.port = String(proxy.port)
  const system = await story.fresh({ databaseUrl: postgres.url, rabbitmqUrl: url.toString() })
  await story.startAll(system, 2)
  const job = await system.queueCharacter(CHARACTER)
  await until(async () => (await system.db.query('select 1 from backhaul.tasks where step >= 2')).length > 0, {
    timeoutMs: 30_000,
    what: 'two pages',
  })

  // No fault repairs what did not survive an earlier one: a process that has lost its connection for good stays without it.
  const faults: Record<string, () => unknown> = {
    'its queues are deleted': async () => {
      const connection = await connect(broker.url)
      const channel = await connection.createChannel()
      for (const queue of QUEUES) await channel.deleteQueue(queue)
      await connection.close()
    },
    'its connections are cut': () => {
      for (let cuts = 0; cuts < 3; cuts++) proxy.cut()
    },
    'it closes every connection from its own side': () => broker.ctl('close_all_connections', 'a test'),
    'it loses all its data': () => broker.wipe(),
    'it is stopped and started': async () => {
      await broker.stop()
      await broker.start()
    },
  }
  for (const [what, fault] of Object.entries(faults)) {
    await fault()
    await until(areConsumed, { timeoutMs: 60_000, what: `every queue to be consumed again after ${what}` })
  }
  await story.endsAsIfUndisturbed(system, job)
  // Wake-ups still arrive: the same again needs some.
  await story.endsAsIfUndisturbed(system, await system.queueCharacter(CHARACTER))
  await system.close()
  await proxy.close()
}, 300_000)
