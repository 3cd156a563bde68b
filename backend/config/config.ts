import { join } from 'node:path'
import { z } from 'zod'
import { Refused } from '../base/errors'
import { projectRoot } from '../base/project-root'
import type { Api, Source } from '../contract'
import { isDatabaseUrl } from '../database/url'
import { readEnvFile } from './env-file'

/*
 * The only file that reads the environment. The `.env` beside package.json is read first, whatever folder a command
 * is run from; the environment wins.
 */

const positive = z.coerce.number().int().positive()
const limitOverride = z
  .strictObject({
    spacingMs: z.number().nonnegative(),
    requests: z.number().int().positive(),
    perMs: z.number().int().positive(),
    perDay: z.number().int().positive(),
    dayMs: z.number().int().positive(),
    backfillShare: z.number().gt(0).lte(1),
    concurrent: z.number().int().positive(),
  })
  .partial()
/** Fields of a limit that `LIMITS` replaces. */
export type LimitOverride = z.infer<typeof limitOverride>

const limits = z
  .string()
  .default('{}')
  .transform((text, ctx) => {
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: `is not JSON (${(error as SyntaxError).message})` })
      return z.NEVER
    }
  })
  .pipe(z.record(z.string(), limitOverride))

const flag = z
  .enum(['true', 'false', ''])
  .default('false')
  .transform((text) => text === 'true')
const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL starting with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  })
const databaseUrl = z.string().refine(isDatabaseUrl, {
  message: 'must be a URL like postgresql://user:password@host:5432/name, or postgresql://user:password@/name?host=/folder/of/the/socket',
})
const web = (fallback: string) =>
  url('http:', 'https:')
    .default(fallback)
    .transform((text) => text.replace(/\/+$/, ''))

const port = z.coerce.number().int().min(1).max(65_535)
/** Short ones are guessed. */
const token = z
  .string()
  .trim()
  .refine((text) => text.length >= 16, { message: 'must have at least 16 characters' })
  .refine((text) => /^[\x21-\x7e]*$/.test(text), { message: 'must have no spaces and ASCII characters only, for a header carries it' })
  .optional()

const environment = z.object({
  DATABASE_URL: databaseUrl.default('postgresql://backhaul:backhaul@127.0.0.1:5432/backhaul'),
  DIRECT_DATABASE_URL: databaseUrl.optional(),
  RABBITMQ_URL: url('amqp:', 'amqps:').default('amqp://guest:guest@127.0.0.1:5672'),
  API_HOST: z.string().trim().default('127.0.0.1'),
  API_PORT: port.default(3000),
  METRICS_PORT: port.default(9250),
  ADMIN_TOKEN: token,
  READ_TOKEN: token,
  CONTACT: z.string().trim().default(''),
  ALLOW_PRIVATE_HOSTS: flag,
  TURN_SECONDS: positive.default(20),
  ATTEMPTS: positive.default(10),
  STALL_MINUTES: positive.default(15),
  RETENTION_DAYS: positive.default(30),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).default('pretty'),
  LIMITS: limits,
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:').optional(),
  ATPROTO_JOBS: positive.default(1),
  ZKILLBOARD_URL: web('https://zkillboard.com/api'),
  ESI_URL: web('https://esi.evetech.net'),
  ATPROTO_RELAY_URL: web('https://relay1.us-west.bsky.network'),
  PLC_URL: web('https://plc.directory'),
  ATPROTO_HANDLE_URL: web('https://public.api.bsky.app'),
})

export interface Config {
  databaseUrl: string
  /** The same database past a pooler, for what needs a session of its own. */
  directDatabaseUrl: string
  rabbitmqUrl: string
  /** Who runs this, told to every upstream in the User-Agent. */
  contact: string
  /** Lets requests reach loopback and private addresses; for the sandbox. */
  allowPrivateHosts: boolean
  /** No new page starts after this long on one delivery, ms. */
  turnMs: number
  /** Tries in a row without a committed page before a task is given up. */
  attempts: number
  /** Address and port of the API; the port of the metrics. */
  apiHost: string
  apiPort: number
  metricsPort: number
  /** Lets its bearer do everything; without it the API serves loopback only. */
  adminToken?: string
  /** Lets its bearer look. */
  readToken?: string
  /** A job without progress for so long is stalled, ms. */
  stallMs: number
  /** Finished tasks, events and deliveries are kept for so long, ms. */
  retentionMs: number
  /** Where traces go; absent: nowhere. */
  otlpEndpoint?: string
  logLevel: 'error' | 'warn' | 'info' | 'debug'
  logFormat: 'pretty' | 'json'
  limits: Record<string, LimitOverride>
  /** Jobs of a source at once by the name of their variable. */
  jobs: Record<string, number>
  /** Base URLs by the name of their variable. */
  urls: Record<string, string>
}

/** What Node reads before any program runs. */
const TOO_LATE = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']

/** Puts the settings of .env beside those of the environment, which win, also without a value. */
function takeEnvFile(): void {
  const path = join(projectRoot(), '.env')
  const file = readEnvFile(path)
  const late = TOO_LATE.find((name) => file[name] && process.env[name] === undefined)
  if (late)
    throw new Refused(
      'setup',
      `${late} has no effect in ${path}, for Node reads it earlier: export it in the shell that starts Backhaul.`,
      late,
    )
  Object.assign(process.env, { ...file, ...process.env })
}

/**
 * The settings of this process.
 * @throws {Refused} `setup`, naming every fault at once
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  if (env === process.env) takeEnvFile()
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(present)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new Refused(
      'setup',
      `The settings have ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${faults.join('; ')}. See .env.example.`,
    )
  }
  const it = parsed.data
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
    stallMs: it.STALL_MINUTES * 60_000,
    retentionMs: it.RETENTION_DAYS * 86_400_000,
    otlpEndpoint: it.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: it.LOG_LEVEL,
    logFormat: it.LOG_FORMAT,
    limits: it.LIMITS,
    jobs: Object.fromEntries(Object.entries(it).filter(([name]) => name.endsWith('_JOBS'))) as Record<string, number>,
    urls: Object.fromEntries(Object.entries(it).filter(([name]) => name.endsWith('_URL'))) as Record<string, string>,
  }
}

/** How many jobs of a source run at once where it bounds them, as its variable says or the source itself. */
export const jobsAtOnceBy =
  ({ jobs }: Config) =>
  ({ jobsAtOnce: it }: Source): number | undefined =>
    it && (jobs[it.env] ?? it.default)

/** The base URL requests of this API go to. */
export const baseUrlOf = (api: Api, config: Config): string => (api.url.env && config.urls[api.url.env]) ?? api.url.default

/** Refuses to talk to a real API without saying who we are. */
export function requireContact(apis: Record<string, Api>, config: Config): void {
  const real = Object.entries(apis).find(([, api]) => baseUrlOf(api, config) === api.url.default)
  if (real && !config.contact) {
    throw new Refused(
      'setup',
      `CONTACT is not set: ${real[0]} at ${real[1].url.default} asks every client to name an address; set CONTACT in .env (or ${real[1].url.env ?? 'its address'} to a sandbox).`,
      'CONTACT',
    )
  }
}
