import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { Refused } from '../../backend/base/errors'
import { type Config, readConfig } from '../../backend/config/config'
import { withDatabase } from '../../backend/database/url'
import { deploy } from '../../backend/migrate'
import { until } from './wait'

const run = promisify(execFile)

/** A database and a vhost that nobody else uses, on the services the settings name. */
export interface Services {
  databaseUrl: string
  rabbitmqUrl: string
}

/** Where the RabbitMQ of the settings is, and who we are there. */
interface Account {
  hostname: string
  secure: boolean
  user: string
  password: string
}

function accountOf(url: string): Account {
  const { hostname, protocol, username, password } = new URL(url)
  const user = decodeURIComponent(username) || 'guest'
  return { hostname, secure: protocol === 'amqps:', user, password: decodeURIComponent(password) || 'guest' }
}

/** The management API on its default port. @returns false when there is none */
async function manage(account: Account, method: 'PUT' | 'DELETE', path: string, body?: object): Promise<boolean> {
  const base = account.secure ? `https://${account.hostname}:15671` : `http://${account.hostname}:15672`
  const authorization = `Basic ${btoa(`${account.user}:${account.password}`)}`
  const headers = { authorization, 'content-type': 'application/json' }
  try {
    const answer = await fetch(`${base}/api/${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    })
    return answer.ok
  } catch (error) {
    // fetch has one kind of error for a port that nobody listens on and a name that does not exist.
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') return false
    throw error
  }
}

/** rabbitmqctl as we are, or through sudo without a password. @returns false when neither works here */
async function control(account: Account, ...args: string[]): Promise<boolean> {
  if (!['127.0.0.1', 'localhost', '::1', '[::1]'].includes(account.hostname)) return false
  for (const [program, ...before] of [['rabbitmqctl'], ['sudo', '-n', 'rabbitmqctl']] as [string, ...string[]][]) {
    const isDone = await run(program, [...before, '-q', ...args]).then(
      () => true,
      // Not installed, not allowed, or not the broker of this host: the next way may work.
      () => false,
    )
    if (isDone) return true
  }
  return false
}

async function createVhost(account: Account, name: string): Promise<void> {
  const all = { configure: '.*', write: '.*', read: '.*' }
  if (await manage(account, 'PUT', `vhosts/${name}`)) {
    if (await manage(account, 'PUT', `permissions/${name}/${encodeURIComponent(account.user)}`, all)) return
  } else if (await control(account, 'add_vhost', name)) {
    if (await control(account, 'set_permissions', '-p', name, account.user, '.*', '.*', '.*')) return
  }
  throw new Refused(
    'setup',
    `A benchmark needs a vhost of its own on ${account.hostname}: enable RabbitMQ's management plugin for the user ${account.user}, or run it on the broker's host as root (or with sudo that asks no password).`,
  )
}

async function deleteVhost(account: Account, name: string): Promise<void> {
  if (await manage(account, 'DELETE', `vhosts/${name}`)) return
  if (!(await control(account, 'delete_vhost', name))) throw new Error(`the vhost ${name} is left over: rabbitmqctl delete_vhost ${name}`)
}

/** SQLSTATE `insufficient_privilege`. */
const NOT_ALLOWED = '42501'

async function dropDatabase(config: Config, name: string): Promise<void> {
  const client = new Client({ connectionString: config.directDatabaseUrl })
  await client.connect()
  try {
    const drop = () =>
      client.query(`drop database if exists ${name} with (force)`).catch((error: { code?: string }) => {
        // Expected: an autovacuum worker belongs to no role, and the force is refused until it has left.
        if (error.code !== NOT_ALLOWED) throw error
      })
    await until(drop, 60_000, `autovacuum to leave ${name}, so that it can be dropped`)
  } finally {
    await client.end()
  }
}

/**
 * Makes both, migrated and empty.
 * @param onEnd gets how each is removed, before it is created
 * @throws {Refused} `setup`, saying what is needed
 */
export async function createServices(onEnd: (work: () => Promise<unknown>) => void): Promise<Services> {
  const config = readConfig([])
  const name = `backhaul_bench_${randomBytes(4).toString('hex')}`
  const account = accountOf(config.rabbitmqUrl)
  onEnd(() => dropDatabase(config, name))
  const databaseUrl = withDatabase(config.directDatabaseUrl, name)
  await deploy(databaseUrl)
  await createVhost(account, name)
  onEnd(() => deleteVhost(account, name))
  const rabbitmq = new URL(config.rabbitmqUrl)
  rabbitmq.pathname = `/${name}`
  return { databaseUrl, rabbitmqUrl: rabbitmq.toString() }
}
