import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { withDatabase } from '../../backend/database/url'
import { deploy } from '../../backend/migrate'
import { oncePerRun } from './once'
import { hasPostgres, startPostgres } from './postgres'
import { hasRabbitmq, startBroker } from './rabbitmq'
import { until } from './until'

/** A database and a vhost that nobody else uses: empty, migrated, no topology declared. */
export interface TestEnv {
  databaseUrl: string
  rabbitmqUrl: string
  /** Removes both; whoever is still connected is thrown out. */
  close(): Promise<void>
}

interface Shared {
  databaseUrl: string
  rabbitmqUrl: string
  managementUrl: string
}

const TEMPLATE = 'backhaul_template'

const databaseUrl = (shared: Shared, name: string): string => withDatabase(shared.databaseUrl, name)

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function manage(shared: Shared, method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
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

async function privateBroker(): Promise<Pick<Shared, 'rabbitmqUrl' | 'managementUrl'>> {
  const broker = await startBroker({ withManagement: true })
  return { rabbitmqUrl: broker.url, managementUrl: `http://guest:guest@127.0.0.1:${broker.managementPort}` }
}

/** Where no server commands are installed, databases and vhosts of our own on the services that are named serve as well. */
function named(name: 'DATABASE_URL' | 'RABBITMQ_URL', what: string): string {
  const url = process.env[name]
  if (!url) throw new Error(`the tests need ${what}: run ./scripts/setup, install it, or set ${name}`)
  return url
}

function namedBroker(): Pick<Shared, 'rabbitmqUrl' | 'managementUrl'> {
  const rabbitmqUrl = named('RABBITMQ_URL', 'RabbitMQ')
  const { username, password, hostname } = new URL(rabbitmqUrl)
  return { rabbitmqUrl, managementUrl: `http://${username}:${password}@${hostname}:15672` }
}

async function startShared(): Promise<Shared> {
  const [url, broker] = await Promise.all([
    hasPostgres() ? privatePostgres() : named('DATABASE_URL', 'PostgreSQL'),
    hasRabbitmq() ? privateBroker() : namedBroker(),
  ])
  const shared = { databaseUrl: url, ...broker }
  await query(url, `drop database if exists ${TEMPLATE} with (force)`)
  await deploy(databaseUrl(shared, TEMPLATE))
  return shared
}

const sharedServices = (): Promise<Shared> => oncePerRun('shared', 'the start of the services of this test run', startShared)

/** An autovacuum worker in the database is nobody's to end, but it ends by itself. */
const drop = (url: string, name: string): Promise<unknown> =>
  until(() => query(url, `drop database ${name} with (force)`).then(() => true), { timeoutMs: 30_000, what: `${name} to be dropped` })

/**
 * A fresh database from the migrated template and a fresh vhost, on the private services of this run.
 * The first call of a run starts them, which takes some seconds.
 */
export async function testEnv(): Promise<TestEnv> {
  const shared = await sharedServices()
  const name = `t_${randomBytes(6).toString('hex')}`
  const user = new URL(shared.rabbitmqUrl).username
  const all = { configure: '.*', write: '.*', read: '.*' }
  await Promise.all([
    query(shared.databaseUrl, `create database ${name} template ${TEMPLATE} strategy file_copy`),
    manage(shared, 'PUT', `vhosts/${name}`).then(() => manage(shared, 'PUT', `permissions/${name}/${user}`, all)),
  ])
  return {
    databaseUrl: databaseUrl(shared, name),
    rabbitmqUrl: `${shared.rabbitmqUrl.replace(/\/+$/, '')}/${name}`,
    async close() {
      await Promise.all([drop(shared.databaseUrl, name), manage(shared, 'DELETE', `vhosts/${name}`)])
    },
  }
}
