import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { findBinary, freePort, isAlive, launch, makeFolder, own, runAs, signal } from './run'
import { until } from './until'

/** A PostgreSQL cluster of one's own: may be killed and restarted at will. */
export interface Postgres {
  /** The database `backhaul`, as the role `backhaul`, which may create databases. */
  url: string
  port: number
  /** A fast shutdown, as an administrator does it. */
  stop(): Promise<void>
  start(): Promise<void>
  /** `kill -9` of everything at once, as a power cut does it. */
  kill(): Promise<void>
  restart(): Promise<void>
}

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Debian keeps the server's commands out of PATH; Homebrew may. */
function binaries(): string | undefined {
  const newestFirst = (folder: string) => list(folder).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const folders = [
    ...newestFirst('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
    ...['/opt/homebrew/opt', '/usr/local/opt'].flatMap((opt) =>
      newestFirst(opt)
        .filter((name) => name.startsWith('postgresql'))
        .map((name) => `${opt}/${name}/bin`),
    ),
  ]
  const initdb = findBinary('initdb', folders)
  return initdb && dirname(initdb)
}

export const hasPostgres = (): boolean => binaries() !== undefined

function create(bin: string, folder: string): string {
  const data = join(folder, 'data')
  const password = join(folder, 'password')
  writeFileSync(password, 'backhaul\n')
  own(password)
  const auth = ['--username=postgres', `--pwfile=${password}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync']
  runAs(folder, join(bin, 'initdb'), ['-D', data, ...auth])
  return data
}

const urlOf = (port: number, user: string, database: string) => `postgresql://${user}:backhaul@127.0.0.1:${port}/${database}`

async function statement(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  // A server that stops while we are connected; the statement itself reports it.
  client.on('error', () => undefined)
  await client.connect()
  try {
    for (const sql of statements) await client.query(sql)
  } finally {
    await client.end()
  }
}

/**
 * Starts a new cluster on a free port, and a role and database `backhaul`.
 * @param fsync false writes without waiting for the disk: for a cluster that nobody stops or kills
 */
export async function startPostgres({ fsync = true } = {}): Promise<Postgres> {
  const bin = binaries()
  if (!bin) throw new Error('no PostgreSQL server commands (initdb, postgres) found: run ./scripts/setup or install PostgreSQL')
  const folder = makeFolder('postgres')
  const data = create(bin, folder)
  const port = await freePort()
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'max_connections=200',
    'shared_buffers=64MB',
    ...(fsync ? [] : ['fsync=off']),
  ]
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  let pid = NaN

  const gone = () => until(() => !isAlive(pid), { timeoutMs: 30_000, what: `PostgreSQL ${pid} to end` })
  const server = {
    url: urlOf(port, 'backhaul', 'backhaul'),
    port,
    async start() {
      const ready = async () => {
        // After a kill the last of its children may still hold the shared memory: then it ends at once and is started again.
        if (!isAlive(pid)) {
          pid = launch(folder, join(bin, 'postgres'), args)
          writeFileSync(join(folder, 'pid'), String(pid))
        }
        await statement(urlOf(port, 'postgres', 'postgres'), 'select 1')
        return true
      }
      await until(ready, { timeoutMs: 60_000, what: `PostgreSQL in ${folder} to answer` })
    },
    async stop() {
      signal(pid, 'SIGINT')
      await gone()
    },
    async kill() {
      signal(pid, 'SIGKILL', { group: true })
      await gone()
    },
    async restart() {
      await server.stop()
      await server.start()
    },
  }
  await server.start()
  const admin = urlOf(port, 'postgres', 'postgres')
  await statement(admin, `create role backhaul login createdb password 'backhaul'`, 'create database backhaul owner backhaul')
  return server
}
