import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { connect } from 'amqplib'
import { slimServer } from './rabbitmq-home'
import { currentRun, findBinary, freePort, isAlive, launch, makeFolder, own, runAs, signal } from './run'
import { until } from './until'

/** A RabbitMQ node of one's own: may be killed, stopped and wiped at will. */
export interface Broker {
  /** Its default vhost, as guest. */
  url: string
  amqpPort: number
  /** Port of its management API, where it has one. */
  managementPort: number
  /** An orderly stop of the node. */
  stop(): Promise<void>
  start(): Promise<void>
  /** `kill -9` of the node, as a power cut does it. */
  kill(): Promise<void>
  /** Stops it, deletes its data and starts it: empty, no queue and no vhost but the default one. */
  wipe(): Promise<void>
  /** Runs rabbitmqctl on it and returns what it wrote. */
  ctl(...args: string[]): string
}

/** Debian's `rabbitmq-server` in PATH is a wrapper that insists on its own user; the script behind it does not. */
const FOLDERS = [
  '/usr/lib/rabbitmq/bin',
  '/usr/local/lib/rabbitmq/sbin',
  '/opt/homebrew/opt/rabbitmq/sbin',
  '/usr/local/opt/rabbitmq/sbin',
  '/opt/rabbitmq/sbin',
]

export const hasRabbitmq = (): boolean => findBinary('rabbitmq-server', FOLDERS) !== undefined

const binary = (name: string): string => {
  const found = findBinary(name, FOLDERS)
  if (!found) throw new Error(`no ${name} found: run ./scripts/setup or install RabbitMQ`)
  return found
}

/**
 * The port mapper is part of the node's process group, on a port of its own, so that none is left behind.
 * Where the command is not in PATH the node falls back on the host's.
 */
const START = '[ -z "$1" ] || "$1" -port "$ERL_EPMD_PORT" & "$2"; status=$?; kill $! 2>/dev/null; exit $status'

interface Layout {
  folder: string
  server: string
  env: NodeJS.ProcessEnv
  amqpPort: number
  managementPort: number
  withManagement: boolean
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  own(path)
  return path
}

async function layOut(withManagement: boolean): Promise<Layout> {
  const folder = makeFolder('rabbitmq')
  const [amqpPort, managementPort, distPort, epmdPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  chmodSync(write(folder, '.erlang.cookie', basename(folder).toUpperCase().replaceAll('-', '')), 0o400)
  const settings = [
    `listeners.tcp.1 = 127.0.0.1:${amqpPort}`,
    ...(withManagement ? ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`] : []),
    'disk_free_limit.absolute = 50MB',
    // RabbitMQ 4 takes 16 MiB by default, older ones 128: what a worker does with a larger message is seen on both.
    'max_message_size = 134217728',
    'log.file.level = warning',
  ]
  const server = slimServer(folder, binary('rabbitmq-server'), ['rabbit', ...(withManagement ? ['rabbitmq_management'] : [])])
  const env = {
    RABBITMQ_SCRIPTS_DIR: dirname(server),
    // The run's name in the node's name lets the reaper know its process.
    RABBITMQ_NODENAME: `${basename(currentRun())}-${amqpPort}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(amqpPort),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(findBinary('epmd', []) ? epmdPort : 4369),
    RABBITMQ_CONFIG_FILE: write(folder, 'rabbitmq.conf', `${settings.join('\n')}\n`),
    RABBITMQ_ENABLED_PLUGINS_FILE: write(folder, 'enabled_plugins', withManagement ? '[rabbitmq_management].\n' : '[].\n'),
    RABBITMQ_CONF_ENV_FILE: write(folder, 'rabbitmq-env.conf', ''),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'config'),
    RABBITMQ_SCHEMA_DIR: join(folder, 'schema'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'logs'),
    RABBITMQ_PID_FILE: join(folder, 'beam.pid'),
    // Schedulers that spin while idle would take the processor from the tests.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
    LC_ALL: 'C.UTF-8',
  }
  return { folder, server, env, amqpPort, managementPort, withManagement }
}

async function answers({ amqpPort, managementPort, withManagement }: Layout): Promise<boolean> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${amqpPort}`, { timeout: 2000 })
  await connection.close()
  if (!withManagement) return true
  const { ok } = await fetch(`http://127.0.0.1:${managementPort}/api/whoami`, {
    headers: { authorization: `Basic ${btoa('guest:guest')}` },
  })
  return ok
}

/**
 * Starts a new single node on free ports.
 * @param withManagement adds its management API; without it the node starts and stops faster
 */
export async function startBroker({ withManagement = false } = {}): Promise<Broker> {
  const layout = await layOut(withManagement)
  const { folder, env } = layout
  let pid = NaN

  const gone = () => until(() => !isAlive(pid), { timeoutMs: 60_000, what: `RabbitMQ in ${folder} to end` })
  const broker: Broker = {
    url: `amqp://guest:guest@127.0.0.1:${layout.amqpPort}`,
    amqpPort: layout.amqpPort,
    managementPort: layout.managementPort,
    async start() {
      pid = launch(folder, 'sh', ['-c', START, folder, findBinary('epmd', []) ?? '', layout.server], env)
      writeFileSync(join(folder, 'pid'), String(pid))
      const ready = () => answers(layout)
      await until(ready, { timeoutMs: 90_000, what: `RabbitMQ in ${folder} to answer` })
    },
    async stop() {
      signal(Number(readFileSync(join(folder, 'beam.pid'), 'utf8')), 'SIGTERM')
      await gone()
    },
    async kill() {
      signal(pid, 'SIGKILL', { group: true })
      await gone()
    },
    async wipe() {
      if (isAlive(pid)) await broker.kill()
      for (const name of readdirSync(join(folder, 'data'))) rmSync(join(folder, 'data', name), { recursive: true, force: true })
      await broker.start()
    },
    ctl: (...args) => runAs(folder, binary('rabbitmqctl'), args, env),
  }
  await broker.start()
  return broker
}
