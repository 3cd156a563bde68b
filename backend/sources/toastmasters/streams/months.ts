import { z } from 'zod'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../contract'
import { type Day, monthEndOf, programYearOf } from '../calendar'
import { fetchList } from '../client'
import type { FileCursor } from '../cursor'
import { isThere, listsNeeded, type Planned, planDates } from '../dates'
import type { BackfillParams } from '../params'
import { FINDING, found, preparedOf } from '../plan'
import { type Settled, settledDates } from '../settled'
import { readLists } from '../store'
import { type Batch, write } from '../write'
import { NOT_PUBLISHED, NOTHING, type SourceIo } from './files'
import { IN_FLIGHT } from './summary'

/*
 * One month of a job: reads the lists its dates need, one a page, then makes a task of each date.
 */

const monthCursor = z.object({
  /** Lists read so far. */
  lists: z.number(),
})
type MonthCursor = z.infer<typeof monthCursor>
type MonthStep = Step<MonthCursor, BackfillParams>
type MonthPage = Page<MonthCursor, Batch>

async function read({ key, cursor, params }: MonthStep, io: SourceIo): Promise<MonthPage> {
  const monthEnd = monthEndOf(`${key}-01`)
  const { today } = preparedOf(params)
  if (cursor.lists === 0 && key === params.startDate.slice(0, 7)) logStart(io.log, params)
  const needed = listsNeeded(monthEnd, params.startDate, params.endDate, today)
  const asked = needed.map((one) => ({ monthEnd: one.monthEnd, programYear: programYearOf(one.monthEnd) }))
  const kept = new Map((await readLists(io.held, asked)).map((list) => [list.monthEnd, list]))
  const missing = needed.find((one) => !isThere(one, kept, params))
  if (missing) {
    const programYear = programYearOf(missing.monthEnd)
    const found = await fetchList(io, programYear, missing.monthEnd)
    const list = { programYear, monthEnd: missing.monthEnd, listed: 'none' in found ? [] : found }
    return { batch: { kind: 'list', list }, next: { lists: cursor.lists + 1 } }
  }
  const { startDate: from, endDate: to, newestFirst } = params
  return await plan(planDates({ monthEnd, from, to, newestFirst }, kept), params, io)
}

/** How a job reads, once: by the task of its first month. */
function logStart(log: SourceIo['log'], params: BackfillParams): void {
  const { strategy, detail, outside } = preparedOf(params)
  log.info(`Strategy ${strategy.type}: ${strategy.rationale}`, { detail, from: params.startDate, to: params.endDate })
  if (outside.length > 0) log.warn(`Scope violation: not configured and left out: ${outside.join(', ')}`)
}

/** A task for each date: to read it, or settled with the reason why it is not read. */
async function plan(dates: readonly Planned[], params: BackfillParams, io: Io): Promise<MonthPage> {
  const isOpen = dates.some((date) => 'none' in date && date.none === 'not_yet_published')
  const why = isOpen ? [NOT_PUBLISHED] : []
  if (preparedOf(params).detail === 'full') {
    const tasks = found(
      dates.flatMap((date) => fullTasks(date, params)),
      params,
    )
    return { batch: NOTHING, next: null, tasks, ...(isOpen ? { unverified: NOT_PUBLISHED } : {}) }
  }
  const settled = await settledDates(io.held, dates, params, io.inFlight)
  const stored = [...settled.values()]
  if (stored.some((one) => one.kind === 'in_flight')) why.push(IN_FLIGHT)
  return {
    batch: NOTHING,
    next: null,
    tasks: found(summaryTasks(dates, settled, params), params),
    known: stored.reduce((sum, { rows }) => sum + rows, 0),
    ...(why.length > 0 ? { unverified: why.join('; ') } : {}),
  }
}

const cursorOf = (date: Extract<Planned, { listed: unknown }>): FileCursor => ({ listed: date.listed, isFinal: date.isFinal })

function fullTasks(date: Planned, params: BackfillParams): NewTask[] {
  if (!('none' in date)) return [{ stream: 'districts', key: date.date, lane: FINDING, cursor: cursorOf(date) }]
  const { districts } = preparedOf(params)
  const ended = { skipped: date.reason, kind: date.none }
  if (!districts) return [{ stream: 'districts', key: date.date, cursor: NO_CURSOR, ended }]
  return districts.map((district) => ({ stream: 'report', key: `${date.date}/${district}`, cursor: NO_CURSOR, ended }))
}

/** Of a task that is settled when it is made. */
const NO_CURSOR = {}

function summaryTasks(dates: readonly Planned[], settled: ReadonlyMap<Day, Settled>, params: BackfillParams): NewTask[] {
  const { concurrency } = preparedOf(params)
  return dates.map((date, place): NewTask => {
    const why = 'none' in date ? { kind: date.none, reason: date.reason } : settled.get(date.date)
    const task = { stream: 'summary', key: date.date }
    if (why || 'none' in date) return { ...task, cursor: NO_CURSOR, ended: { skipped: why?.reason ?? '', kind: why?.kind } }
    return { ...task, lane: String((place % concurrency) + 1), cursor: cursorOf(date) }
  })
}

export const months = defineStream<MonthCursor, Batch, BackfillParams>({
  queue: 'districts_backfill_queue',
  cursor: monthCursor,
  discovers: true,
  read: (step, io) => read(step, io as SourceIo),
  write,
})
