/**
 * PM2 apps, derived from the registry of sources: the workers of every source, the scheduler and the API.
 *   pm2 start ecosystem.config.js                      all
 *   pm2 start ecosystem.config.js --only worker-backfill,scheduler
 *   pm2 start ecosystem.config.js --env production     logs as JSON
 * Settings come from .env or the environment; none are kept here. Secrets that are exported go into a file in PM2's home that only its
 * owner may read: PM2 writes the environment of its apps to disk, and shows it.
 */
const { existsSync } = require('node:fs')
const { homedir } = require('node:os')
const { join } = require('node:path')

const REGISTRY = join(__dirname, 'dist', 'backend', 'sources', 'index.js')

// The registry as compiled; PM2 shows the error when it is not built yet.
if (!existsSync(REGISTRY)) throw new Error('Backhaul is not built: run ./scripts/setup (or yarn build), then start it again.')
const { sources } = require(REGISTRY)
const { readEnvFile } = require('./dist/backend/config/env-file')
const { moveSecrets } = require('./dist/backend/config/secrets-file')

// PM2 takes the environment of this process for its apps after it has read this file.
const secretsFile = moveSecrets(sources, process.env, process.env.PM2_HOME || join(homedir(), '.pm2'))
const env = { ...readEnvFile(join(__dirname, '.env')), ...process.env }

const workers = () => sources.flatMap((source) => [...Object.keys(source.workers), ...listeners(source)])

/** Listeners that are turned on; a value that cannot be read is reported by the processes that read it. */
function listeners({ listeners: all = {}, settings = {} }) {
  return Object.keys(all).filter((app) => {
    const name = all[app].enabled
    return settings[name].schema.safeParse(env[name] || undefined).data === true
  })
}

const app = (name, script, args) => ({
  name,
  // Relative to cwd: PM2 runs a script with a space in its path through bash.
  script: `dist/backend/bin/${script}`,
  args,
  cwd: __dirname,
  // The default is cluster mode, whose reload runs old and new side by side.
  exec_mode: 'fork',
  instances: 1,
  // Online once broker, database and consumer are up.
  wait_ready: true,
  listen_timeout: 30_000,
  // A stop gives the page in hand 20 s, then aborts it and releases the task.
  kill_timeout: 30_000,
  exp_backoff_restart_delay: 100,
  // 78 is a fault that a person must fix.
  stop_exit_codes: [78],
  max_memory_restart: '400M',
  node_args: ['--enable-source-maps', '--max-old-space-size=384'],
  merge_logs: true,
  // Empty too: PM2 keeps what an earlier start has set.
  env: { SECRETS_FILE: secretsFile ?? env.SECRETS_FILE ?? '' },
  env_production: { NODE_ENV: 'production', LOG_FORMAT: 'json' },
})

module.exports = {
  apps: [...workers().map((name) => app(name, 'worker.js', [name])), app('scheduler', 'scheduler.js', []), app('api', 'api.js', [])],
}
