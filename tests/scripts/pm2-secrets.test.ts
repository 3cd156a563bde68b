import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyCheckout } from '../support/checkout'
import { testEnv } from '../support/env'
import { until } from '../support/until'

/* What PM2 keeps of the secrets of the shell that starts it. */

const TOKEN_KEY = 'c0ffee'.padEnd(64, '5')
const ADMIN_TOKEN = 'a-token-of-the-administrator'

test('a secret that is exported reaches the apps and is in no file that others may read, nor in what PM2 shows, also after a restart', async () => {
  const checkout = copyCheckout()
  const services = await testEnv()
  const home = mkdtempSync(join(tmpdir(), 'pm2-secrets-'))
  const file = join(checkout.folder, 'ecosystem.config.js')
  const plain = { PATH: process.env.PATH ?? '', PM2_HOME: home, LOG_FORMAT: 'json' }
  const secrets = { TOKEN_KEY, ADMIN_TOKEN, DATABASE_URL: services.databaseUrl, RABBITMQ_URL: services.rabbitmqUrl }
  const pm2 = (env: Record<string, string>, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(process.cwd(), 'node_modules/.bin/pm2'), args, {
      env,
      cwd: tmpdir(),
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`pm2 ${args.join(' ')} exited with ${status}: ${stdout}${stderr}`)
    return stdout
  }
  const apps = () => JSON.parse(pm2(plain, 'jlist', '--silent')) as { pid: number; pm2_env: { status: string; restart_time: number } }[]
  const files = () => readdirSync(home).filter((name) => name.startsWith('backhaul-'))
  const logOf = (kind: 'out' | 'error') => readFileSync(join(home, 'logs', `scheduler-${kind}.log`), 'utf8')
  /** Everything that PM2 wrote or tells. */
  const kept = () => {
    pm2(plain, 'save', '--force')
    const written = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !one.name.startsWith('backhaul-'))
      .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'))
    return [pm2(plain, 'jlist'), pm2(plain, 'env', '0'), pm2(plain, 'describe', '0'), ...written].join('\n')
  }
  const leaked = () => {
    const text = kept()
    return Object.values(secrets).filter((secret) => text.includes(secret))
  }
  try {
    pm2({ ...plain, ...secrets }, 'start', '--silent', file, '--only', 'scheduler')
    expect(apps()).toMatchObject([{ pm2_env: { status: 'online', restart_time: 0 } }])
    expect(leaked()).toEqual([])
    const [name = ''] = files()
    expect(statSync(join(home, name)).mode & 0o777).toBe(0o600)
    // PM2 starts a running app again with the environment of the shell.
    pm2({ ...plain, ...secrets }, 'start', '--silent', file, '--only', 'scheduler')
    pm2({ ...plain, ...secrets }, 'restart', '--silent', file, '--only', 'scheduler')
    expect(apps()).toMatchObject([{ pm2_env: { status: 'online', restart_time: 2 } }])
    expect(leaked()).toEqual([])
    expect(files()).toEqual([name])
    // From what was saved, by a PM2 whose shell has no secrets.
    pm2(plain, 'kill')
    pm2(plain, 'resurrect')
    await until(() => apps()[0]?.pm2_env.status === 'online', { what: 'the saved app to run again' })
    expect(leaked()).toEqual([])
    expect(logOf('out') + logOf('error')).not.toContain('PM2 itself holds')
    // As a shell does that does not use the file.
    pm2({ ...plain, ...secrets }, 'restart', '--silent', 'scheduler', '--update-env')
    await until(() => (logOf('out') + logOf('error')).includes('PM2 itself holds'), { what: 'the warning' })
    expect(logOf('out') + logOf('error')).not.toContain(TOKEN_KEY)
    expect(leaked()).toEqual(Object.values(secrets))
  } finally {
    pm2(plain, 'kill')
    rmSync(home, { recursive: true })
    checkout.remove()
    await services.close()
  }
}, 180_000)
