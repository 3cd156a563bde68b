import { Refused } from '../../backend/base/errors'
import { MAX_LIMIT } from '../../backend/base/vocabulary'
import { requireContact, requireCredentials } from '../../backend/config/apis'
import { type Config, listSettings } from '../../backend/config/config'
import { readOnlyReason } from '../../backend/database/read-only'
import { nameOf } from '../../backend/database/url'
import { schedulersAlive, workerHeartbeats } from '../../backend/engine/jobs/progress'
import { effectiveLimits } from '../../backend/gate/limits'
import { status } from '../../backend/migrate'
import { requireSameDatabase } from '../../backend/migrate/connect'
import { appOf } from '../../backend/service/base/about'
import { listSealed } from '../../backend/service/credentials/rotate'
import { listAlerts } from '../../backend/service/suite/alerts'
import { sources } from '../../backend/sources'
import { alarmOf } from '../../queues/alarm'
import { connectOnce } from '../../queues/connection'
import { deadQueueOf, QUEUES } from '../../queues/names'
import { declareTopologyAt } from '../../queues/topology'
import type { Context } from './context'
import { databaseFault } from './explain'
import { counted, duration } from './text'

/** One result of a check. `skipped`: a check that it needs failed. */
export interface Finding {
  check: string
  state: 'ok' | 'warning' | 'fault' | 'skipped'
  /** The state, or what is wrong and what to do. */
  text: string
}

export interface Check {
  name: string
  /** Checks that must pass before this one can run. */
  needs?: string[]
  run(context: Context): Promise<string | Omit<Finding, 'check'>[]>
}

/** Oldest Node.js that Prisma 7 and jest 30 run on. */
const NODE = [20, 19] as const

const fault = (text: string): Omit<Finding, 'check'> => ({ state: 'fault', text })
const warning = (text: string): Omit<Finding, 'check'> => ({ state: 'warning', text })
const ok = (text: string): Omit<Finding, 'check'> => ({ state: 'ok', text })

/** `amqp://host:port/vhost`, without user and password. */
const brokerName = (config: Config): string => {
  const { protocol, host, pathname } = new URL(config.rabbitmqUrl)
  return `${protocol}//${host}${pathname}`
}

async function node() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < NODE[0] || (major === NODE[0] && minor < NODE[1]))
    return [fault(`Node.js ${process.versions.node} is too old: install ${NODE.join('.')} or later.`)]
  return process.versions.node
}

async function settings({ config, terminal }: Context) {
  const set = listSettings(sources, terminal.env).filter(({ text }) => text !== undefined)
  return [
    ok(`database ${nameOf(config.databaseUrl)}, broker ${brokerName(config)}`),
    ok(set.length > 0 ? `set: ${set.map(({ name, text }) => `${name}=${text}`).join(', ')}` : 'none is set, all have their defaults'),
  ]
}

async function contact({ config }: Context) {
  for (const source of sources) requireContact(source, config)
  return config.contact || 'not needed: no real API is used'
}

/** A source without its credential starts nothing; the others work. */
async function credentials({ config }: Context) {
  const needed = sources.filter((source) => Object.values(source.apis).some((api) => api.credential))
  if (needed.length === 0) return 'not needed: no API asks for one'
  return needed.map((source) => {
    const missing = refusalOf(() => requireCredentials(source, config))
    return missing ? warning(missing) : ok(`${source.name}: set`)
  })
}

/** Secrets that the first key of TOKEN_KEY does not seal. */
async function sealing({ config, db }: Context) {
  const { keyIds } = config.sealer
  const found = (await listSealed({ db })).flatMap(({ name, key, secrets }) => {
    const what = `${counted(secrets, `${name} secret`)}`
    if (key === null) return keyIds.length > 0 ? [warning(`${what} not sealed: run yarn credentials rotate`)] : []
    if (!keyIds.includes(key)) return [fault(`${what} sealed by the key ${key}, which TOKEN_KEY lacks: add it after the first key.`)]
    return key === keyIds[0] ? [] : [warning(`${what} sealed by the key ${key}, which is not the first: run yarn credentials rotate`)]
  })
  if (found.length > 0) return found
  return keyIds.length > 0 ? `sealed by the key ${keyIds[0]}` : 'TOKEN_KEY is not set: secrets of webhooks are not sealed'
}

/** The sentence of a refusal. */
export function refusalOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

/** Connects as the processes do, so that a refusal by a pooler shows here. */
async function database({ config, db }: Context) {
  const [row] = await db.query<{ version: string }>(`select current_setting('server_version') as version`)
  await requireSameDatabase(config)
  const found = [
    ok(`PostgreSQL ${row?.version} answers${config.databaseUrl === config.directDatabaseUrl ? '' : ', through the pooler and directly'}`),
  ]
  const readOnly = await readOnlyReason(db)
  return readOnly ? [...found, fault(readOnly)] : found
}

async function migrations({ config }: Context) {
  const it = await status(config.directDatabaseUrl)
  const found = [
    ...it.failed.map(({ name, log }) =>
      fault(`${name} failed (${log}): fix the cause, run yarn migrate resolve ${name}, then yarn migrate.`),
    ),
    ...it.edited.map((name) => fault(`${name} was changed after it was applied: restore its file and write a new migration.`)),
    ...it.unknown.map((name) => fault(`${name} was applied by another version: run that version, or a newer one.`)),
    ...(it.pending.length > 0 ? [fault(`${it.pending.join(', ')} not applied: run yarn migrate.`)] : []),
    ...(it.drift
      ? [fault(`The tables differ from prisma/schema (yarn migrate status shows how): undo the change, or write a migration for it.`)]
      : []),
  ]
  return found.length > 0 ? found : `${counted(it.applied.length, 'migration')} applied, no drift`
}

async function consumers({ config }: Context) {
  const connection = await connectOnce(config.rabbitmqUrl, 'doctor')
  try {
    const channel = await connection.createChannel()
    const found: Omit<Finding, 'check'>[] = []
    for (const queue of QUEUES) {
      const { consumerCount, messageCount } = await channel.checkQueue(queue)
      const dead = (await channel.checkQueue(deadQueueOf(queue))).messageCount
      const app = appOf(queue, sources)
      if (consumerCount === 0)
        found.push(warning(`${queue}: no consumer; start one: npx pm2 start ecosystem.config.js --only ${app ?? 'its worker'}`))
      else found.push(ok(`${queue}: ${counted(consumerCount, 'consumer')}, ${counted(messageCount, 'message')}`))
      if (dead > 0) found.push(warning(`${queue}: ${counted(dead, 'message')} rejected; see yarn dead list --queue ${queue}`))
    }
    return found
  } finally {
    await connection.close()
  }
}

async function workers({ db }: Context) {
  const heartbeats = await workerHeartbeats(db)
  if (heartbeats.length === 0) return [warning('no worker is running; start them: npx pm2 start ecosystem.config.js')]
  return heartbeats.map((it) =>
    it.alive
      ? ok(`${it.app} ${it.id}: heartbeat ${duration(it.agoMs)} ago, ${it.holding} of ${it.concurrency} deliveries in progress`)
      : warning(`${it.app} ${it.id}: no heartbeat for ${duration(it.agoMs)}; a scheduler will release its tasks`),
  )
}

async function scheduler({ db }: Context) {
  const alive = await schedulersAlive(db)
  if (alive > 0) return counted(alive, 'scheduler')
  const text =
    'no scheduler is running, so lost tasks stay lost and no job ends; start one: npx pm2 start ecosystem.config.js --only scheduler'
  // While nothing is running yet, this is not a fault.
  return (await workerHeartbeats(db)).some((worker) => worker.alive) ? [fault(text)] : [warning(text)]
}

/** How long the API process may take to answer, ms. */
const API_MS = 3_000

async function api({ config }: Context) {
  const at = `http://${config.apiHost.includes(':') ? `[${config.apiHost}]` : config.apiHost}:${config.apiPort}`
  try {
    const answer = await fetch(`${at}/readyz`, { signal: AbortSignal.timeout(API_MS) })
    const { status } = (await answer.json()) as { status?: string }
    if (status === undefined) return [warning(`${at} is served by another program: set API_PORT in .env.`)]
    return answer.ok ? `${at} is ready` : [warning(`${at} is ${status}; see ${at}/readyz`)]
  } catch (error) {
    // TypeError: no connection; SyntaxError: no JSON; TimeoutError: no answer.
    if ((error as Error).name === 'SyntaxError') return [warning(`${at} is served by another program: set API_PORT in .env.`)]
    if (!['TypeError', 'TimeoutError'].includes((error as Error).name)) throw error
    return [warning(`${at} does not answer; start it: npx pm2 start ecosystem.config.js --only api`)]
  }
}

async function alerts({ db }: Context) {
  const { items, next } = await listAlerts({ db }, {}, { limit: MAX_LIMIT })
  const found = items.map(({ message, hint, acknowledged }) =>
    warning([`${message}${acknowledged ? ' (acknowledged)' : ''}`, ...(hint ? [hint] : [])].join('; ')),
  )
  if (next !== null) found.push(warning(`there are more alerts than these ${MAX_LIMIT}`))
  return found.length > 0 ? found : 'none'
}

/** In the order in which they run. */
export const CHECKS: readonly Check[] = [
  { name: 'node', run: node },
  { name: 'settings', run: settings },
  { name: 'contact', needs: ['settings'], run: contact },
  { name: 'credentials', needs: ['settings'], run: credentials },
  {
    name: 'limits',
    needs: ['settings'],
    run: async ({ config }) => {
      const limits = effectiveLimits(sources, config.limits)
      const replaced = Object.keys(config.limits)
      return `${counted(limits.size, 'limit')}${replaced.length > 0 ? `, LIMITS overrides ${replaced.join(', ')}` : ''}`
    },
  },
  {
    name: 'database',
    needs: ['settings'],
    run: database,
  },
  { name: 'migrations', needs: ['database'], run: migrations },
  { name: 'secrets', needs: ['migrations'], run: sealing },
  {
    name: 'broker',
    needs: ['settings'],
    run: async ({ config }) => {
      const connection = await connectOnce(config.rabbitmqUrl, 'doctor')
      const { version } = connection.connection.serverProperties
      const alarm = await alarmOf(connection)
      if (alarm) return [fault(alarm)]
      await connection.close()
      return `RabbitMQ ${version} answers and accepts messages`
    },
  },
  {
    name: 'topology',
    needs: ['broker'],
    run: async ({ config }) => {
      await declareTopologyAt(config.rabbitmqUrl)
      return `${counted(QUEUES.length, 'queue')}, their dead-letter queues and the exchange match their declaration`
    },
  },
  { name: 'consumers', needs: ['topology'], run: consumers },
  { name: 'workers', needs: ['migrations'], run: workers },
  { name: 'scheduler', needs: ['migrations'], run: scheduler },
  { name: 'api', needs: ['settings'], run: api },
  { name: 'alerts', needs: ['migrations'], run: alerts },
]

/** Runs one check; an error it throws becomes a fault. */
export async function runCheck(check: Check, context: Context): Promise<Finding[]> {
  try {
    const found = await check.run(context)
    return (typeof found === 'string' ? [ok(found)] : found).map((finding) => ({ check: check.name, ...finding }))
  } catch (error) {
    const known = error instanceof Refused ? error : databaseFault(error, context.config.databaseUrl)
    return [{ check: check.name, ...fault(known?.message ?? (error as Error).message) }]
  }
}
