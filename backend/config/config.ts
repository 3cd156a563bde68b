import { join } from 'node:path'
import { version } from '../../package.json'
import { Refused } from '../base/errors'
import { projectRoot } from '../base/project-root'
import { NO_KEY, type Sealer } from '../base/seal'
import { defaultsOf, type Settings, type SettingsReader, type SettingValues, type Source } from '../contract'
import { readEnvFile } from './env-file'
import { type LimitOverride, OWN } from './own'
import { readSecretsFile } from './secrets-file'

/*
 * The only file that reads the environment. The `.env` beside package.json is read first, whatever folder a command
 * is run from, then the file that SECRETS_FILE names; the environment wins.
 */

export interface Config {
  databaseUrl: string
  /** The same database without a pooler, for what needs its own session. */
  directDatabaseUrl: string
  rabbitmqUrl: string
  /** Who runs this, sent to every upstream in the User-Agent. */
  contact: string
  /** Lets requests reach loopback and private addresses; for the sandbox. */
  allowPrivateHosts: boolean
  /** No new page starts after this long on one delivery, ms. */
  turnMs: number
  /** Tries in a row without a committed page before a task fails. */
  attempts: number
  /** Address and port of the API; the port of the metrics. */
  apiHost: string
  apiPort: number
  metricsPort: number
  /** Token for full access; without it the API serves loopback only. */
  adminToken?: string
  /** Token for read-only access. */
  readToken?: string
  /** Seals the secrets in the database with the keys of TOKEN_KEY. */
  sealer: Sealer
  /** A job without progress for this long is stalled, ms. */
  stallMs: number
  /** Finished tasks, events and deliveries are kept for this long, ms. */
  retentionMs: number
  /** What was deployed, for people: a name, or the version of this package. */
  version: string
  /** Log lines kept of each job; 0: none. */
  jobLogLines: number
  /** They are kept for this long, ms. */
  jobLogMs: number
  /** Where traces go; absent: no traces. */
  otlpEndpoint?: string
  logLevel: 'error' | 'warn' | 'info' | 'debug'
  logFormat: 'pretty' | 'json'
  limits: Record<string, LimitOverride>
  /** What the sources declare, by the name of the variable; `settingsReader` reads those of one source. */
  settings: SettingValues
}

/** Whatever declares settings: the sources of the registry. */
type Declares = Pick<Source, 'settings'>

/** What Node.js reads before any program runs. */
const TOO_LATE = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']

/** Adds the settings of SECRETS_FILE and of .env to those of the environment, which take precedence, also when empty. */
function takeEnvFile(): void {
  const path = join(projectRoot(), '.env')
  const file = readEnvFile(path)
  const late = TOO_LATE.find((name) => file[name] && process.env[name] === undefined)
  if (late)
    throw new Refused(
      'setup',
      `${late} has no effect in ${path}, because Node.js reads it earlier: export it in the shell that starts Backhaul.`,
      late,
    )
  Object.assign(process.env, { ...file, ...readSecretsFile(process.env.SECRETS_FILE ?? file.SECRETS_FILE), ...process.env })
}

/** The settings of the suite and of these sources. */
const declared = (sources: readonly Declares[]): Settings => Object.assign({}, OWN, ...sources.map((source) => source.settings))

/** The variables that are set: an empty one counts as not set. */
const present = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ''))

const HIDDEN = '***'
/** A value as people may see it: a URL without user and password, a secret not at all. */
const shown = (text: string, secret = false): string => (secret ? HIDDEN : text.replace(/\/\/[^/@\s]*@/g, `//${HIDDEN}@`))

/**
 * The settings of this process.
 * @param sources whose settings are read besides those of the suite
 * @throws {Refused} `setup`, naming every fault at once
 */
export function readConfig(sources: readonly Declares[], env: NodeJS.ProcessEnv = process.env): Config {
  if (env === process.env) takeEnvFile()
  const settings = declared(sources)
  const given = present(env)
  const values: Record<string, unknown> = {}
  const faults: string[] = []
  // One by one: an object of them would be compiled first, which takes longer than parsing it once.
  for (const [name, { schema, secret }] of Object.entries(settings)) {
    const text = given[name]
    const parsed = schema.safeParse(text)
    if (parsed.success) values[name] = parsed.data
    else
      for (const { path, message } of parsed.error.issues)
        faults.push([[name, ...path].join('.'), secret && text !== undefined ? message.replaceAll(text, HIDDEN) : message].join(' '))
  }
  if (faults.length > 0) throw new Refused('setup', `Invalid settings: ${faults.join('; ')}. See .env.example.`)
  const it = values as SettingValues<typeof OWN>
  return {
    databaseUrl: it.DATABASE_URL,
    directDatabaseUrl: it.DIRECT_DATABASE_URL ?? it.DATABASE_URL,
    rabbitmqUrl: it.RABBITMQ_URL,
    contact: it.CONTACT,
    allowPrivateHosts: it.ALLOW_PRIVATE_HOSTS,
    turnMs: it.TURN_SECONDS * 1000,
    attempts: it.ATTEMPTS,
    apiHost: it.API_HOST,
    apiPort: it.API_PORT,
    metricsPort: it.METRICS_PORT,
    adminToken: it.ADMIN_TOKEN,
    readToken: it.READ_TOKEN,
    sealer: it.TOKEN_KEY ?? NO_KEY,
    stallMs: it.STALL_MINUTES * 60_000,
    retentionMs: it.RETENTION_DAYS * 86_400_000,
    version: it.DEPLOYED_VERSION ?? version,
    jobLogLines: it.JOB_LOG_LINES,
    jobLogMs: it.JOB_LOG_DAYS * 86_400_000,
    otlpEndpoint: it.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: it.LOG_LEVEL,
    logFormat: it.LOG_FORMAT,
    limits: it.LIMITS,
    settings: Object.fromEntries(sources.flatMap((source) => Object.keys(source.settings ?? {})).map((name) => [name, values[name]])),
  }
}

/** A setting for people. */
export interface ListedSetting {
  name: string
  about: string
  /** What it is while it is not set; absent: nothing. */
  default: unknown
  /** Its text where it is set, without secrets and passwords. */
  text?: string
}

/** Every setting of the suite and of these sources, and what is set. `readConfig` has put those of .env into the environment. */
export function listSettings(sources: readonly Declares[], env: NodeJS.ProcessEnv = {}): ListedSetting[] {
  const given = present(env)
  const settings = declared(sources)
  const defaults = defaultsOf({ settings })
  return Object.entries(settings).map(([name, { about, secret }]) => {
    const text = given[name]
    return { name, about, default: defaults[name], ...(text === undefined ? {} : { text: shown(text, secret) }) }
  })
}

/** Reads the settings of one source: those it declares, no others. @throws {Error} when the config was read without this source */
export const settingsReader =
  (config: Config): SettingsReader =>
  ({ settings = {} }) =>
    Object.fromEntries(
      Object.keys(settings).map((name) => {
        if (!(name in config.settings)) throw new Error(`The config was read without ${name}: hand its source to readConfig.`)
        return [name, config.settings[name]]
      }),
    )
