import winston from 'winston'
import type { Log } from '../base/log'
import { shortId } from '../base/vocabulary'
import type { JobLog } from '../engine/job-log'

const COLORS: Record<string, string> = { error: '\x1b[31m', warn: '\x1b[33m', info: '\x1b[32m', debug: '\x1b[90m' }
const color = (code: string, text: string): string => (process.stdout.isTTY ? `${code}${text}\x1b[0m` : text)

/** The id of a job is cut, as people see it elsewhere. */
const textOf = (key: string, value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : key === 'job' ? shortId(String(value)) : String(value)

const pretty = winston.format.printf(({ level, message, timestamp, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && key !== 'stack')
    .map(([key, value]) => `${color('\x1b[90m', `${key}=`)}${textOf(key, value)}`)
  const stack = typeof fields.stack === 'string' ? `\n${fields.stack}` : ''
  return (
    `${color('\x1b[90m', String(timestamp).slice(11, 23))} ${color(COLORS[level] ?? '', level.padEnd(5))} ${message} ${rest.join(' ')}`.trimEnd() +
    stack
  )
})

const bigintsAsText = winston.format((info) => {
  for (const [key, value] of Object.entries(info)) if (typeof value === 'bigint') info[key] = value.toString()
  return info
})

const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Hands lines about jobs to their logs; those of a level that is not logged pass here too. */
const toJobLog = (jobLog: JobLog, wanted: string) =>
  winston.format((info) => {
    const { level, message, timestamp: _, stack: __, job, ...fields } = info
    if (typeof job === 'string' && JOB_ID.test(job) && (RANK[level] ?? 0) <= (RANK[wanted] ?? 0))
      jobLog.keep({ job, at: new Date(), level, message: String(message), fields })
    return info
  })()
const RANK: Record<string, number> = winston.config.npm.levels

/**
 * Logs to stdout, one line per event: for people with `pretty`, as JSON objects with `json`.
 * @param jobLog gets the lines about jobs
 */
export function createLogger(options: { level: string; format: 'pretty' | 'json' }, jobLog?: JobLog): Log {
  return winston.createLogger({
    level: options.level,
    format: winston.format.combine(
      winston.format.timestamp(),
      bigintsAsText(),
      ...(jobLog ? [toJobLog(jobLog, options.level)] : []),
      options.format === 'json' ? winston.format.json() : pretty,
    ),
    transports: [new winston.transports.Console()],
  }) as unknown as Log
}
