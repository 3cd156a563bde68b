import { connect } from 'amqplib'
import { Client } from 'pg'
import { status } from '../../backend/migrate'
import { testEnv } from '../support/env'
import { withPostgres } from '../support/own'
import { tcpProxy } from '../support/proxy'
import { startPostgres } from '../support/services'
import { until } from '../support/until'

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  // The server stops in some of these stories; the query reports it.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('each environment has a migrated database and a vhost of its own', async () => {
  const one = await testEnv({ isNew: true })
  const two = await testEnv({ isNew: true })
  expect(one.databaseUrl).not.toBe(two.databaseUrl)
  expect(await status(one.databaseUrl)).toMatchObject({ upToDate: true, pending: [], drift: null })
  await ask(one.databaseUrl, 'create table mine (a int)')
  await expect(ask(two.databaseUrl, 'select * from mine')).rejects.toThrow('does not exist')
  const connection = await connect(one.rabbitmqUrl)
  const channel = await connection.createChannel()
  await channel.assertQueue('mine', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
  await connection.close()
  const other = await connect(two.rabbitmqUrl)
  const probe = await other.createChannel()
  probe.on('error', () => undefined)
  await expect(probe.checkQueue('mine')).rejects.toThrow('NOT_FOUND')
  await other.close()
  await one.close()
  await two.close()
  await expect(ask(one.databaseUrl, 'select 1')).rejects.toThrow('does not exist')
})

withPostgres('a cluster of its own comes back with its data after a stop and a kill', async () => {
  const postgres = await startPostgres()
  await ask(postgres.url, 'create table kept as select 1 as a')
  await postgres.kill()
  await expect(ask(postgres.url, 'select 1')).rejects.toThrow()
  await postgres.start()
  await postgres.restart()
  expect(await ask(postgres.url, 'select a from kept')).toEqual([{ a: 1 }])
  await postgres.stop()
})

test('a cut breaks what is connected and lets new connections through', async () => {
  const env = await testEnv()
  const proxy = await tcpProxy(Number(new URL(env.databaseUrl).port))
  const url = new URL(env.databaseUrl)
  url.port = String(proxy.port)
  const client = new Client({ connectionString: url.toString() })
  const lost = new Promise<void>((resolve) => client.on('error', () => resolve()))
  await client.connect()
  await client.query('select 1')
  proxy.cut()
  await lost
  expect(await ask(url.toString(), 'select 2 as b')).toEqual([{ b: 2 }])
  proxy.pause()
  await expect(ask(url.toString(), 'select 2')).rejects.toThrow('timeout')
  proxy.resume()
  expect(await ask(url.toString(), 'select 3 as c')).toEqual([{ c: 3 }])
  await proxy.close()
  await expect(ask(url.toString(), 'select 2')).rejects.toThrow()
  await env.close()
})

test('until says what it waited for and what it saw', async () => {
  await expect(until(() => false, { timeoutMs: 60, what: 'rain' })).rejects.toThrow('waited 60 ms for rain; last seen: false')
  const dry = () => {
    throw new Error('no cloud')
  }
  await expect(until(dry, { timeoutMs: 60 })).rejects.toThrow('last seen: no cloud')
})
