/**
 * PM2 apps, derived from the registry of sources: the workers of every source, the scheduler and the API.
 *   pm2 start ecosystem.config.js                      all
 *   pm2 start ecosystem.config.js --only worker-backfill,scheduler
 *   pm2 start ecosystem.config.js --env production     logs as JSON
 * Settings come from .env or the environment; none are kept here.
 */
const { existsSync } = require('node:fs')
const { join } = require('node:path')

const REGISTRY = join(__dirname, 'dist', 'backend', 'sources', 'index.js')

/** The registry as compiled; PM2 shows the error when it is not built yet. */
function workers() {
  if (!existsSync(REGISTRY)) throw new Error('Backhaul is not built: run ./scripts/setup (or yarn build), then start it again.')
  return require(REGISTRY).sources.flatMap((source) => [...Object.keys(source.workers), ...listeners(source)])
}

/** Listeners that are turned on; a value that cannot be read is reported by the processes that read it. */
function listeners({ listeners: all = {}, settings = {} }) {
  const { readEnvFile } = require('./dist/backend/config/env-file')
  const env = { ...readEnvFile(join(__dirname, '.env')), ...process.env }
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
  env_production: { NODE_ENV: 'production', LOG_FORMAT: 'json' },
})

module.exports = {
  apps: [...workers().map((name) => app(name, 'worker.js', [name])), app('scheduler', 'scheduler.js', []), app('api', 'api.js', [])],
}
