import { z } from 'zod'
import { isRecord } from '../../base/json'
import { addDays, type Day, FIRST_DAY, isDay } from './calendar'
import { normalDistrict } from './ids'
import { prepared } from './prepared'

/*
 * What may be asked for, in the words of the API its users know.
 */

const COLLECTION_TYPES = ['auto', 'system-wide', 'per-district'] as const

/** Districts one request may name; there are 132 at most in one year. */
export const MAX_DISTRICTS = 200
const MAX_LAST_DAYS = 400
/** Least time between two requests to the dashboards; a job may ask for more, never for less. */
const LEAST_DELAY_MS = 2000
const MAX_DELAY_MS = 3_600_000

const DAY = /^\d{4}-\d{2}-\d{2}$/
const got = (input: unknown): string => (input === undefined ? '' : `, got ${JSON.stringify(input).slice(0, 60)}`)
const today = (): Day => new Date().toISOString().slice(0, 10)

const day = z.string({ error: ({ input }) => `must be a date like 2024-01-31${got(input)}` }).superRefine((text, ctx) => {
  const fault = faultOfDay(text)
  if (fault !== undefined) ctx.addIssue({ code: 'custom', message: `${fault}${got(text)}` })
})

function faultOfDay(text: string): string | undefined {
  if (!DAY.test(text)) return 'must be a date like 2024-01-31'
  if (!isDay(text)) return 'is a day that does not exist'
  if (text < FIRST_DAY) return `must not be before ${FIRST_DAY}, the first day of the archive`
  // Statistics of a day are published on the next one at the earliest.
  return text >= today() ? `must be before today (${today()}); statistics are one or two days behind` : undefined
}

/** The id of a district, as a person writes it. */
export const district = z
  .string({ error: ({ input }) => `must be the id of a district like 42, 101 or F${got(input)}` })
  .transform((text, ctx) => {
    const id = normalDistrict(text)
    if (id !== undefined) return id
    ctx.addIssue({ code: 'custom', message: `must be the id of a district like 42, 101 or F${got(text)}` })
    return z.NEVER
  })

const whole = (least: number, most: number, unit = '') => {
  const error = ({ input }: { input?: unknown }) => `must be a whole number from ${least} to ${most}${unit}${got(input)}`
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error })
}
const flag = (value: boolean) => z.boolean({ error: ({ input }) => `must be true or false${got(input)}` }).default(value)

const fields = {
  targetDistricts: z
    .array(district, { error: ({ input }) => `must be a list of district ids like ["42", "F"]${got(input)}` })
    .min(1, 'must name at least one district; leave it out for all of them')
    .max(MAX_DISTRICTS, `names more than ${MAX_DISTRICTS} districts`)
    .optional()
    .meta({ title: 'Districts', description: 'Only these districts; empty: all configured ones.', flag: '--district <ids...>' }),
  startDate: day.optional().meta({
    title: 'From',
    description: 'First date, YYYY-MM-DD.',
    format: 'date',
    flag: '--from-date <date>',
    choice: { name: 'Which dates', option: 'From and to' },
  }),
  endDate: day.optional().meta({
    title: 'To',
    description: 'Last date; the first one by default.',
    format: 'date',
    flag: '--to-date <date>',
    choice: { name: 'Which dates', option: 'From and to' },
  }),
  lastDays: whole(1, MAX_LAST_DAYS)
    .optional()
    .meta({
      title: 'Last days',
      description: 'In place of dates: the days before today, for schedules.',
      flag: '--last-days <number>',
      choice: { name: 'Which dates', option: 'The last days' },
    }),
  collectionType: z
    .enum(COLLECTION_TYPES, { error: ({ input }) => `must be one of ${COLLECTION_TYPES.join(', ')}${got(input)}` })
    .default('auto')
    .meta({
      title: 'Detail',
      description: 'system-wide: one summary of all districts a date; per-district: all reports of each district; auto: by the districts.',
      flag: '--type <type>',
    }),
  concurrency: whole(1, 10)
    .optional()
    .meta({ title: 'Concurrency', description: 'Districts read at once; 3 by default.', flag: '--concurrency <number>' }),
  retryFailures: flag(true).meta({ title: 'Retry', description: 'Try again what fails for a while.', flag: '--no-retry' }),
  attempts: whole(1, 10)
    .optional()
    .meta({ title: 'Attempts', description: 'Tries of one report; 3 by default.', flag: '--attempts <number>' }),
  skipExisting: flag(true).meta({
    title: 'Skip existing',
    description: 'Skip dates whose final statistics are stored in this detail.',
    flag: '--no-skip-existing',
  }),
  rateLimitDelayMs: whole(LEAST_DELAY_MS, MAX_DELAY_MS, ' (milliseconds)').optional().meta({
    title: 'Delay',
    description: 'Least time between two requests of this job, in milliseconds; never less than the limit of the dashboards.',
    flag: '--rate-limit-delay-ms <ms>',
  }),
  enableCaching: flag(true).meta({ title: 'Cache', description: 'Use files that were read within the last hour.', flag: '--no-cache' }),
  newestFirst: flag(false).meta({ title: 'Newest first', description: 'Read the last date first.', flag: '--newest-first' }),
  prepared: prepared.optional().meta({ prepared: true }),
}

/** What a person may name. */
export const FIELDS: readonly string[] = Object.keys(fields).filter((name) => name !== 'prepared')

const given = z.object(fields, { error: 'The request must be a JSON object such as {"startDate": "2024-01-01", "endDate": "2024-01-30"}.' })
type Given = z.infer<typeof given>
type Context = z.RefinementCtx

/** A field that is sent as null is left out. */
const withoutNulls = (raw: unknown): unknown =>
  isRecord(raw) ? Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null)) : raw

function understand(it: Given, ctx: Context) {
  const refuse = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message })
  const twice = it.targetDistricts?.find((id, place, all) => all.indexOf(id) !== place)
  if (twice !== undefined) refuse('targetDistricts', `names district ${twice} twice`)
  const { startDate, endDate = startDate, lastDays, ...rest } = it
  if (lastDays !== undefined) {
    if (startDate !== undefined || it.endDate !== undefined) refuse('lastDays', 'goes without startDate and endDate')
    // Resolved when the job is started: a schedule keeps it as it is.
    return { ...rest, lastDays, startDate: addDays(today(), -lastDays), endDate: addDays(today(), -1) }
  }
  if (startDate === undefined || endDate === undefined) {
    refuse('startDate', 'is missing; give the first date as YYYY-MM-DD')
    return z.NEVER
  }
  if (startDate > endDate) refuse('endDate', `must not be before startDate (${startDate}), got "${endDate}"`)
  return { ...rest, startDate, endDate }
}

/** What a job of this source is started with, and what may be published to `districts_backfill_queue`. */
export const params = z.preprocess(withoutNulls, given).transform(understand)

/** The first field of a request that is none of this API; undefined: there is none. */
export const unknownField = (raw: unknown): string | undefined =>
  isRecord(raw) ? Object.keys(raw).find((name) => !FIELDS.includes(name)) : undefined

/** The refusal of such a field, after its name. */
export const NOT_A_FIELD = `is not a field; the fields are ${FIELDS.join(', ')}`

/** A message of a producer: a field that is misspelled would start another job than the one that was meant. */
export const message = z
  .unknown()
  .superRefine((raw, ctx) => {
    const name = unknownField(raw)
    // Jobs that were prepared elsewhere may be sent as they are.
    if (name !== undefined && name !== 'prepared') ctx.addIssue({ code: 'custom', path: [name.slice(0, 60)], message: NOT_A_FIELD })
  })
  .pipe(params)

export type BackfillParams = z.infer<typeof params>

/** What such a job reads, in words. */
export function label({ startDate, endDate, targetDistricts = [], prepared: frozen }: BackfillParams): string {
  const districts = targetDistricts.length > 0 ? targetDistricts : (frozen?.districts ?? [])
  const shown = districts.slice(0, 5).join(', ') + (districts.length > 5 ? ` and ${districts.length - 5} more` : '')
  const whose = districts.length === 0 ? 'all districts' : `${districts.length === 1 ? 'district' : 'districts'} ${shown}`
  return `statistics of ${whose} ${startDate === endDate ? `on ${startDate}` : `from ${startDate} to ${endDate}`}`
}
