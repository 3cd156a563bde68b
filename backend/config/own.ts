import { z } from 'zod'
import { createSealer } from '../base/seal'
import { positive, type Settings, urlSchema } from '../contract'
import { isDatabaseUrl } from '../database/url'

const share = z.number().gt(0).lte(1)
const limitOverride = z
  .strictObject({
    spacingMs: z.number().nonnegative(),
    requests: z.number().int().positive(),
    perMs: z.number().int().positive(),
    perDay: z.number().int().positive(),
    dayMs: z.number().int().positive(),
    backfillShare: z.union([share, z.strictObject({ requests: share, day: share }).partial()]),
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
const databaseUrl = z.string().refine(isDatabaseUrl, {
  message: 'must be a URL like postgresql://user:password@host:5432/name, or postgresql://user:password@/name?host=/folder/of/the/socket',
})
const port = z.coerce.number().int().min(1).max(65_535)
const token = z
  .string()
  .trim()
  // A short one can be guessed.
  .refine((text) => text.length >= 16, { message: 'must have at least 16 characters' })
  .refine((text) => /^[\x21-\x7e]*$/.test(text), {
    message: 'must contain only ASCII characters without spaces, because a header carries it',
  })
  .optional()

const HEX_KEY = /^[0-9a-f]{64}$/i
const BASE64_KEY = /^[\w+/-]{43}=?$/

/** A key of 32 bytes as 64 hexadecimal digits or as base64. */
const keyOf = (text: string): Buffer | undefined => {
  if (HEX_KEY.test(text)) return Buffer.from(text, 'hex')
  return BASE64_KEY.test(text) ? Buffer.from(text, 'base64') : undefined
}

const tokenKeys = z
  .string()
  .transform((text, ctx) => {
    const parts = text.split(',').map((part) => part.trim())
    const keys = parts.flatMap((part) => keyOf(part) ?? [])
    if (keys.length === parts.length) return createSealer(keys)
    ctx.addIssue({ code: 'custom', message: 'must be keys of 32 bytes, separated by commas, each as 64 hexadecimal digits or base64' })
    return z.NEVER
  })
  .optional()

/** The settings that belong to no source. */
export const OWN = {
  DATABASE_URL: {
    schema: databaseUrl.default('postgresql://backhaul:backhaul@127.0.0.1:5432/backhaul'),
    about: 'PostgreSQL. `scripts/setup` writes the server that it found or started.',
    secret: true,
  },
  DIRECT_DATABASE_URL: {
    schema: databaseUrl.optional(),
    about:
      "The same database without a pooler, if `DATABASE_URL` goes through one (PgBouncer). Migrations and the scheduler's lock use it.",
    secret: true,
  },
  RABBITMQ_URL: {
    schema: urlSchema('amqp:', 'amqps:').default('amqp://guest:guest@127.0.0.1:5672'),
    about: 'RabbitMQ. The path names the vhost: `amqp://user:password@host:5672/vhost`.',
    secret: true,
  },
  CONTACT: {
    schema: z.string().trim().default(''),
    about: 'Who runs this: an e-mail address or web page, sent to every API in the User-Agent. Without it, no request goes to a real API.',
  },
  LIMITS: {
    schema: limits,
    about:
      'Limits of the APIs by name as JSON, with any of `spacingMs`, `requests` + `perMs`, `perDay` + `dayMs`, `backfillShare` (one figure, or `{"requests": …, "day": …}`), `concurrent`.',
  },
  TURN_SECONDS: {
    schema: positive.default(20),
    about: 'A worker starts no new page after this many seconds on one delivery.',
  },
  ATTEMPTS: {
    schema: positive.default(10),
    about: 'Tries in a row without a committed page before a task fails, with growing pauses (10 tries: about 17 minutes).',
  },
  API_HOST: {
    schema: z.string().trim().default('127.0.0.1'),
    about: 'Address of the API, the dashboard and the metrics. An address other than loopback needs `ADMIN_TOKEN`.',
  },
  API_PORT: { schema: port.default(3000), about: 'Port of the API and the dashboard.' },
  METRICS_PORT: {
    schema: port.default(9250),
    about: 'Port of `/metrics` for Prometheus; if `ADMIN_TOKEN` is set, with `READ_TOKEN` (or `ADMIN_TOKEN`) as its bearer token.',
  },
  ADMIN_TOKEN: {
    schema: token,
    about: 'Token for full access, at least 16 characters. Without it, everything is open to this machine only.',
    secret: true,
  },
  READ_TOKEN: { schema: token, about: 'Token for read-only access, at least 16 characters.', secret: true },
  TOKEN_KEY: {
    schema: tokenKeys,
    about:
      'Seals tokens of accounts and secrets of webhooks in the database: 32 bytes as 64 hexadecimal digits or base64. Several are separated by commas: the first seals, all open. Without it, no account can be connected.',
    secret: true,
  },
  SECRETS_FILE: {
    schema: z.string().trim().optional(),
    about:
      'File with more settings, such as a mounted secret, whose lines are those of `.env` and go before them. `ecosystem.config.js` sets it for secrets that are exported.',
  },
  STALL_MINUTES: {
    schema: positive.default(15),
    about: 'Minutes without progress after which a job raises an alert, unless it waits for an upstream.',
  },
  RETENTION_DAYS: {
    schema: positive.default(30),
    about: 'Days for which tasks of ended jobs, published events, deliveries and the log of actions are kept. Jobs and reports stay.',
  },
  DEPLOYED_VERSION: {
    schema: z.string().trim().max(60).optional(),
    about: 'Name of what is deployed, such as a commit; pages and charts show where it changed. Unset: the version of the package.',
  },
  JOB_LOG_LINES: {
    schema: z.coerce.number().int().min(0).max(1_000_000).default(10_000),
    about: 'Log lines that are kept of each job, for its page and `yarn jobs logs`; the oldest are deleted. 0: none are kept.',
  },
  JOB_LOG_DAYS: {
    schema: positive.default(7),
    about: 'Days for which log lines of jobs are kept.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: urlSchema('http:', 'https:').optional(),
    about: 'OpenTelemetry collector for traces over HTTP. Unset: no traces.',
  },
  LOG_LEVEL: { schema: z.enum(['error', 'warn', 'info', 'debug']).default('info'), about: '`error`, `warn`, `info` or `debug`.' },
  LOG_FORMAT: {
    schema: z.enum(['pretty', 'json']).default('pretty'),
    about: '`pretty` for people, `json` for log collectors (`pm2 start … --env production` sets `json`).',
  },
  ALLOW_PRIVATE_HOSTS: {
    schema: flag,
    about: 'Allows requests to loopback and private addresses; for the sandbox.',
  },
} satisfies Settings
