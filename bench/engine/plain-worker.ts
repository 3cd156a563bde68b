import { type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib'
import { Client } from 'pg'
import { run } from '../../backend/bin/process'
import { answer } from '../base/child'
import { type Row, rowsOf } from './synthetic'

/*
 * The worker most projects begin with: one delivery is one page. It reads the page, writes it row by row, publishes the
 * next page with a confirm and acks. Queue and message are as durable as the suite's own.
 *   node dist/bench/engine/plain-worker.js autocommit|transaction
 */

const QUEUE = 'plain_backfill_queue'
const INSERT = `insert into rows (id, kind, at, amount, currency, note) values ($1, $2, $3, $4, $5, $6)
  on conflict (id) do update set kind = excluded.kind, at = excluded.at, amount = excluded.amount, currency = excluded.currency, note = excluded.note`

interface Message {
  page: number
  pages: number
  rows: number
}

async function write(db: Client, rows: readonly Row[], isOne: boolean): Promise<void> {
  if (isOne) await db.query('begin')
  for (const row of rows) await db.query(INSERT, [row.id, row.kind, row.at, row.amount, row.currency, row.note])
  if (isOne) await db.query('commit')
}

async function publish(channel: ConfirmChannel, message: Message): Promise<void> {
  channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify(message)), { persistent: true })
  await channel.waitForConfirms()
}

void run(async (config) => {
  const isOne = process.argv[2] === 'transaction'
  const db = new Client({ connectionString: config.databaseUrl })
  await db.connect()
  const connection = await connect(config.rabbitmqUrl)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
  await channel.prefetch(1)
  let began = 0
  let done: (ms: number) => void = () => undefined
  const onMessage = async (delivery: ConsumeMessage) => {
    const { page, pages, rows } = JSON.parse(delivery.content.toString()) as Message
    if (page === 0) began = performance.now()
    await write(db, rowsOf(0, page, [rows]), isOne)
    if (page + 1 < pages) await publish(channel, { page: page + 1, pages, rows })
    channel.ack(delivery)
    if (page + 1 === pages) done(performance.now() - began)
  }
  await channel.consume(QUEUE, (delivery) => {
    if (delivery) void onMessage(delivery)
  })
  answer({
    async walk({ pages, rows }: Omit<Message, 'page'>) {
      const end = new Promise<number>((resolve) => {
        done = resolve
      })
      await publish(channel, { page: 0, pages, rows })
      return await end
    },
  })
  return {
    async stop() {
      await connection.close()
      await db.end()
    },
  }
})
