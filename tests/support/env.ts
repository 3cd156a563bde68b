import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { Client } from 'pg'
import { withDatabase } from '../../backend/database/url'
import { deploy } from '../../backend/migrate'
import { TOPOLOGY } from '../../queues/topology'
import { oncePerRun } from './once'
import { hasPostgres, startPostgres } from './postgres'
import { hasRabbitmq, startBroker } from './rabbitmq'
import { currentRun } from './run'
import { until } from './until'

/** A database that nobody else uses: empty and migrated. */
export interface TestDatabase {
  databaseUrl: string
  /** Removes it; whoever is still connected is thrown out. */
  close(): Promise<void>
}

/** Such a database, and a vhost that nobody else uses. */
export interface TestEnv extends TestDatabase {
  rabbitmqUrl: string
}

interface SharedBroker {
  rabbitmqUrl: string
  managementUrl: string
}

const TEMPLATE = 'backhaul_template'

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function manage(shared: SharedBroker, method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
  const url = new URL(shared.managementUrl)
  const authorization = `Basic ${btoa(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`)}`
  const answer = await fetch(`${url.origin}/api/${path}`, {
    method,
    // A connection kept open would keep jest from ending.
    headers: { authorization, 'content-type': 'application/json', connection: 'close' },
    body: body && JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`RabbitMQ's management API answers ${answer.status} to ${method} ${path}: ${await answer.text()}`)
}

async function privatePostgres(): Promise<string> {
  return (await startPostgres({ fsync: false })).url
}

async function privateBroker(): Promise<SharedBroker> {
  const broker = await startBroker({ withManagement: true })
  return { rabbitmqUrl: broker.url, managementUrl: `http://guest:guest@127.0.0.1:${broker.managementPort}` }
}

/** Where no server commands are installed, databases and vhosts of our own on the services that are named serve as well. */
function named(name: 'DATABASE_URL' | 'RABBITMQ_URL', what: string): string {
  const url = process.env[name]
  if (!url) throw new Error(`the tests need ${what}: run ./scripts/setup, install it, or set ${name}`)
  return url
}

function namedBroker(): SharedBroker {
  const rabbitmqUrl = named('RABBITMQ_URL', 'RabbitMQ')
  const { username, password, hostname } = new URL(rabbitmqUrl)
  return { rabbitmqUrl, managementUrl: `http://${username}:${password}@${hostname}:15672` }
}

async function startPostgresOnce(): Promise<string> {
  const url = hasPostgres() ? await privatePostgres() : named('DATABASE_URL', 'PostgreSQL')
  await query(url, `drop database if exists ${TEMPLATE} with (force)`)
  await deploy(withDatabase(url, TEMPLATE))
  return url
}

const sharedPostgres = (): Promise<string> => oncePerRun('shared-postgres', 'the start of PostgreSQL for this test run', startPostgresOnce)

const sharedBroker = (): Promise<SharedBroker> =>
  oncePerRun('shared-broker', 'the start of RabbitMQ for this test run', async () =>
    hasRabbitmq() ? await privateBroker() : namedBroker(),
  )

const newName = () => `t_${randomBytes(6).toString('hex')}`

/** An autovacuum worker in the database is nobody's to end, but it ends by itself. */
const drop = (url: string, name: string): Promise<unknown> =>
  until(() => query(url, `drop database ${name} with (force)`).then(() => true), { timeoutMs: 30_000, what: `${name} to be dropped` })

/**
 * A fresh database from the migrated template, on the private server of this run. The first call of a run starts it, which takes
 * some seconds.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const url = await sharedPostgres()
  const name = newName()
  await query(url, `create database ${name} template ${TEMPLATE} strategy file_copy`)
  return {
    databaseUrl: withDatabase(url, name),
    async close() {
      await drop(url, name)
    },
  }
}

async function newVhost(shared: SharedBroker): Promise<string> {
  const name = newName()
  const user = new URL(shared.rabbitmqUrl).username
  const all = { configure: '.*', write: '.*', read: '.*' }
  await manage(shared, 'PUT', `vhosts/${name}`)
  await manage(shared, 'PUT', `permissions/${name}/${user}`, all)
  return name
}

const urlOf = (shared: SharedBroker, vhost: string) => `${shared.rabbitmqUrl.replace(/\/+$/, '')}/${vhost}`

/** A file for each vhost that somebody has left with its queues; whoever moves the file has it. */
function leftVhosts(): string {
  const folder = join(currentRun(), 'vhosts')
  mkdirSync(folder, { recursive: true })
  return folder
}

function takeLeftVhost(): string | undefined {
  const folder = leftVhosts()
  return readdirSync(folder).find((name) => {
    try {
      renameSync(join(folder, name), join(currentRun(), name))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  })
}

/** Empties the queues of a vhost. @returns false where a queue is missing or somebody consumes it still */
async function empty(url: string): Promise<boolean> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  // The server closes the channel of a queue that it does not have; the check itself rejects.
  channel.on('error', () => undefined)
  try {
    const found = await Promise.all(TOPOLOGY.map(({ name }) => channel.checkQueue(name)))
    for (const { queue, messageCount } of found) if (messageCount > 0) await channel.purgeQueue(queue)
    return found.every(({ consumerCount }) => consumerCount === 0)
  } catch (error) {
    if ((error as { code?: number }).code === 404) return false
    throw error
  } finally {
    await connection.close()
  }
}

type Vhost = Pick<TestEnv, 'rabbitmqUrl' | 'close'>

async function testVhost(): Promise<Vhost> {
  const shared = await sharedBroker()
  const name = await newVhost(shared)
  return { rabbitmqUrl: urlOf(shared, name), close: () => manage(shared, 'DELETE', `vhosts/${name}`) }
}

async function anyVhost(): Promise<Vhost> {
  // On a broker that is not ours alone, nothing is left.
  if (!hasRabbitmq()) return await testVhost()
  const shared = await sharedBroker()
  const left = takeLeftVhost()
  const name = left !== undefined && (await empty(urlOf(shared, left))) ? left : await newVhost(shared)
  return { rabbitmqUrl: urlOf(shared, name), close: async () => writeFileSync(join(leftVhosts(), name), '') }
}

/**
 * A database, and a vhost on the private broker of this run, for tests that need both. The vhost may be one that others have left, with its
 * queues, which are empty: declaring and deleting them takes the broker 0.2 s each time.
 * @param options.isNew for tests that are about the queues themselves: nobody has used the vhost before, and none is declared
 */
export async function testEnv({ isNew = false } = {}): Promise<TestEnv> {
  const [database, vhost] = await Promise.all([testDatabase(), isNew ? testVhost() : anyVhost()])
  return {
    databaseUrl: database.databaseUrl,
    rabbitmqUrl: vhost.rabbitmqUrl,
    async close() {
      await Promise.all([database.close(), vhost.close()])
    },
  }
}
