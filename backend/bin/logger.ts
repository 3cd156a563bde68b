import winston from 'winston'
import type { Log } from '../base/log'

const COLORS: Record<string, string> = { error: '\x1b[31m', warn: '\x1b[33m', info: '\x1b[32m', debug: '\x1b[90m' }
const color = (code: string, text: string): string => (process.stdout.isTTY ? `${code}${text}\x1b[0m` : text)

const pretty = winston.format.printf(({ level, message, timestamp, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && key !== 'stack')
    .map(([key, value]) => `${color('\x1b[90m', `${key}=`)}${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
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

/** Logs to stdout, one line per event: for people with `pretty`, as JSON objects with `json`. */
export function createLogger(options: { level: string; format: 'pretty' | 'json' }): Log {
  return winston.createLogger({
    level: options.level,
    format: winston.format.combine(winston.format.timestamp(), bigintsAsText(), options.format === 'json' ? winston.format.json() : pretty),
    transports: [new winston.transports.Console()],
  }) as unknown as Log
}
