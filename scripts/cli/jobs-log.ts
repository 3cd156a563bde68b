import { setTimeout as pause } from 'node:timers/promises'
import { Refused } from '../../backend/base/errors'
import { LOG_LEVELS, type LogLevel } from '../../backend/base/vocabulary'
import { findJob } from '../../backend/engine/jobs/verbs'
import { hasEnded } from '../../backend/service/base/about'
import { type LogLine, readLines, readLog } from '../../backend/service/jobs/log'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { count, moment } from './text'

/** How often new lines are read, ms; processes write them as often. */
const EVERY_MS = 1000
/** Lines that follow at once. */
const BATCH = 1000
/** The last lines of a job are written up to so many checks after its end. */
const LAST_CHECKS = 2

export interface LogOptions {
  follow?: boolean
  level?: string
  grep?: string
  limit: string
  json?: boolean
}

/** Prints the last log lines of a job; with `--follow`, those that come until it ends. */
export async function showLog(context: Context, id: string, { follow, level, grep, limit, json }: LogOptions): Promise<void> {
  const { db, terminal } = context
  const filter = { level: levelOf(level), q: grep }
  const job = await findJob({ db }, id)
  const print = (lines: readonly LogLine[]) => {
    for (const line of lines) terminal.out(json ? JSON.stringify(line) : lineText(line))
  }
  const first = await readLog(context.service(sources), job.id, { ...filter, limit: Number(limit) })
  print(first.items)
  if (first.items.length === 0 && !follow && !json) terminal.out('No log lines of this job are kept.')
  let { last, lost } = first
  for (let checks = 0; follow && checks < LAST_CHECKS; ) {
    await pause(EVERY_MS)
    const isOver = hasEnded(await findJob({ db }, job.id))
    const page = await readLines(db, job.id, { ...filter, after: last, limit: BATCH })
    print(page.items)
    checks = isOver && page.items.length === 0 ? checks + 1 : 0
    last = page.last
    lost = page.lost
  }
  if (lost > 0 && !json)
    terminal.err(`${count(lost)} more lines were not kept: there were too many at once, or the database was unreachable.`)
}

function levelOf(level: string | undefined): LogLevel | undefined {
  const found = LOG_LEVELS.find((one) => one === level)
  if (level !== undefined && !found)
    throw new Refused('input', `There is no level ${JSON.stringify(level)}; there are ${LOG_LEVELS.join(', ')}.`, 'level')
  return found
}

function lineText({ at, level, message, fields, process }: LogLine): string {
  const rest = Object.entries(fields as Record<string, unknown>).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  return `${moment(new Date(at))} ${level.padEnd(5)} ${message} ${rest.join(' ')} (${process})`.replace(/ {2,}\(/, ' (')
}
