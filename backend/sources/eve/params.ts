import { z } from 'zod'
import { type Fault, Refused } from '../../base/errors'

/** What can be backfilled, with zKillboard's name for it. */
export const ENTITIES = { characterId: 'characterID', corporationId: 'corporationID', allianceId: 'allianceID' } as const
export type EntityField = keyof typeof ENTITIES
export type EntityWord = (typeof ENTITIES)[EntityField]

const DAY = /^\d{4}-\d{2}-\d{2}$/
const exists = (text: string): boolean => {
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

const id = z.union([z.number(), z.string()], { error: 'must be a number' }).transform((value, ctx) => {
  const text = String(value).trim()
  const fault = faultOfId(text, Number(text))
  if (fault) ctx.addIssue({ code: 'custom', message: `${fault}, got ${text.slice(0, 40)}` })
  return Number(text)
})

function faultOfId(text: string, value: number): string | undefined {
  if (!/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return 'must be a whole number'
  if (value <= 0) return 'must be greater than zero'
  if (Number.isFinite(value) && !Number.isInteger(value)) return 'must be a whole number'
  return Number.isSafeInteger(value) ? undefined : 'is too large for an id'
}

const day = z
  .string({ error: 'must be a date like 2023-01-31' })
  .regex(DAY, 'must be a date like 2023-01-31')
  .refine((text) => !DAY.test(text) || exists(text), 'is a day that does not exist')
  .refine((text) => !DAY.test(text) || text <= new Date().toISOString().slice(0, 10), 'lies in the future')

const whole = (least: number, most: number) => {
  const error =
    most === Number.MAX_SAFE_INTEGER ? `must be a whole number, ${least} or more` : `must be a whole number from ${least} to ${most}`
  return z.number({ error }).int(error).min(least, error).max(most, error)
}
const flag = z.boolean({ error: 'must be true or false' })

const options = z
  .strictObject({
    fromDate: day.optional(),
    toDate: day.optional(),
    maxPages: whole(1, Number.MAX_SAFE_INTEGER).optional(),
    limit: whole(1, 200).default(100),
    skipExisting: flag.default(true),
    kills: flag.optional(),
    losses: flag.optional(),
  })
  .refine((it) => !it.fromDate || !it.toDate || it.fromDate <= it.toDate, {
    path: ['fromDate'],
    error: 'must not be later than toDate',
  })

const backfill = z
  .object({
    mode: z.literal('backfill').default('backfill'),
    characterId: id.optional(),
    corporationId: id.optional(),
    allianceId: id.optional(),
    options: options.default({ limit: 100, skipExisting: true }),
  })
  .refine((it) => Object.keys(ENTITIES).filter((field) => it[field as EntityField] !== undefined).length === 1, {
    path: ['characterId'],
    error: 'or corporationId or allianceId is needed, exactly one of them',
  })
const recent = z.object({ mode: z.literal('recent').default('recent'), characterId: id })
const values = z.object({ mode: z.literal('values').default('values'), values: z.literal(true, { error: 'must be true' }).default(true) })

export type BackfillParams = z.infer<typeof backfill>
export type RecentParams = z.infer<typeof recent>
export type ValuesParams = z.infer<typeof values>
export type EveParams = BackfillParams | RecentParams | ValuesParams

/** What a job of this source is started with. Parsing its own result changes nothing. */
export const params = z.unknown().transform((raw, ctx): EveParams => {
  try {
    return parse(raw)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const faults = error.faults.length > 0 ? error.faults : [{ field: '', message: error.message }]
    for (const { field, message } of faults) ctx.addIssue({ code: 'custom', message, path: field === '' ? [] : field.split('.') })
    return z.NEVER
  }
}) as z.ZodType<EveParams>

function parse(raw: unknown): EveParams {
  if (isRecord(raw) && raw.mode === 'recent') return read(recent, raw)
  if (isRecord(raw) && (raw.mode === 'values' || raw.values !== undefined)) return read(values, raw)
  return read(backfill, raw)
}

const isRecord = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null && !Array.isArray(raw)

function read<T>(schema: z.ZodType<T>, raw: unknown): T {
  if (!isRecord(raw)) throw new Refused('input', 'The request must be a JSON object such as {"characterId": 2117325769}.')
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  throw Refused.of(parsed.error.issues.flatMap(faultsOf))
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const field = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ field, message: `${field} ${issue.message}.` }]
  return issue.keys.map((key) => {
    const named = [field, key].filter(Boolean).join('.')
    return { field: named, message: `${named} is not an option; there are ${Object.keys(options.shape).join(', ')}.` }
  })
}

/** What may be published to `zkillboard_backfill_queue`: a backfill, or `{"values": true}`. */
export const backfillRequest = (raw: unknown): EveParams => parse(raw)
/** What may be published to `zkillboard_character_queue`. */
export const recentRequest = (raw: unknown): EveParams => read(recent, isRecord(raw) ? { ...raw, mode: 'recent' } : raw)

/** The entity a backfill or sync is about. */
export function entityOf(it: BackfillParams | RecentParams): { field: EntityField; kind: EntityWord; id: number } {
  for (const field of Object.keys(ENTITIES) as EntityField[]) {
    const value = (it as BackfillParams)[field]
    if (value !== undefined) return { field, kind: ENTITIES[field], id: value }
  }
  throw new Refused('input', 'characterId or corporationId or allianceId is needed, exactly one of them.', 'characterId')
}
