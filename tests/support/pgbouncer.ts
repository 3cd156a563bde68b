import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { placeOf, withDatabase } from '../../backend/database/url'
import { findBinary, freePort, isAlive, launch, makeFolder, own, signal } from './run'
import { until } from './until'

const binary = (): string | undefined => findBinary('pgbouncer', ['/usr/sbin', '/opt/homebrew/bin', '/usr/local/bin'])

/** Stories behind a pooler are skipped, and counted, where PgBouncer is not installed. */
export const withPgbouncer = binary() ? describe : describe.skip

export interface Pooler {
  /** The same database through the pooler. */
  url(direct: string): string
  close(): Promise<void>
}

/**
 * PgBouncer in transaction mode in front of the server of `direct`.
 * @param settings added to its section `[pgbouncer]`
 */
export async function startPgbouncer(direct: string, settings: Record<string, string | number> = {}): Promise<Pooler> {
  const command = binary()
  if (!command) throw new Error('pgbouncer is not installed')
  const folder = makeFolder('pgbouncer')
  const port = await freePort()
  const [host, serverPort] = placeOf(direct).split(':')
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: join(folder, 'users'),
    pool_mode: 'transaction',
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  const { user, password } = new Client({ connectionString: direct })
  for (const [name, text] of [
    ['users', `"${user}" "${password}"\n`],
    ['ini', ['[databases]', `* = host=${host} port=${serverPort}`, '[pgbouncer]', ...lines, ''].join('\n')],
  ] as const) {
    writeFileSync(join(folder, name), text)
    own(join(folder, name))
  }
  const pid = launch(folder, command, [join(folder, 'ini')])
  writeFileSync(join(folder, 'pid'), String(pid))
  const url = (server: string): string => {
    const through = new URL(server)
    through.port = String(port)
    return through.href
  }
  await until(
    async () => {
      const client = new Client({ connectionString: url(withDatabase(direct, 'postgres')), connectionTimeoutMillis: 2000 })
      client.on('error', () => undefined)
      await client.connect()
      await client.query('select 1')
      await client.end()
      return true
    },
    { timeoutMs: 20_000, what: 'PgBouncer to answer' },
  )
  return {
    url,
    async close() {
      signal(pid, 'SIGKILL')
      await until(() => !isAlive(pid), { timeoutMs: 10_000, what: 'PgBouncer to end' })
    },
  }
}
