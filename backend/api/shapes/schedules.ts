import { z } from 'zod'
import { anything, bigId, listOf, moment, priorityName, status } from './common'
import { broker, jobSummary } from './jobs'

const cronFields = {
  name: z.string().min(1).max(100),
  cron: z.string().min(1).max(200).meta({ description: 'Five or six cron fields, or `@daily` and the like' }),
  timeZone: z.string().max(100).optional().meta({ description: 'IANA name; UTC by default' }),
  jitterS: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'Seconds after the tick within which its job starts, at a random moment' }),
  missed: z
    .enum(['skip', 'make_up'])
    .optional()
    .meta({ description: 'What happens to ticks that were missed because no scheduler was running; skip by default' }),
  source: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
  priority: priorityName.optional(),
}

export const newSchedule = z.strictObject(cronFields).meta({ id: 'NewSchedule' })

export const scheduleChange = z.strictObject(cronFields).partial().meta({ id: 'ScheduleChange' })

export const schedule = z
  .object({
    id: z.uuid(),
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    jitterS: z.number(),
    missed: z.enum(['skip', 'make_up']),
    source: z.string(),
    params: anything,
    priority: priorityName,
    paused: z.boolean(),
    nextAt: moment.nullable(),
    upcoming: z.array(moment),
    lastAt: moment.nullable(),
    lastJob: z.uuid().nullable(),
    error: z.string().nullable(),
    createdAt: moment,
  })
  .meta({ id: 'Schedule' })

export const scheduleList = z.object({ items: z.array(schedule) })

export const scheduleRun = z.object({ job: jobSummary, created: z.boolean(), broker })

export const tickList = listOf(
  z
    .object({
      id: bigId,
      at: moment,
      tickAt: moment.nullable().meta({ description: 'Null: a person started the job' }),
      outcome: z
        .enum(['started', 'joined', 'skipped', 'refused'])
        .meta({ description: 'joined: the same backfill was active already; skipped: nobody took the tick; refused: by its source' }),
      job: z.uuid().nullable(),
      jobStatus: status.nullable(),
      reason: z.string().nullable(),
    })
    .meta({ id: 'Tick' }),
)
