import { z } from 'zod'
import { Refused } from '../../base/errors'
import { isRecord } from '../../base/json'

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

const optionFields = {
  fromDate: day.optional().meta({ title: 'From', description: 'Only killmails of this day (UTC) and later.', flag: '--from-date <date>' }),
  toDate: day.optional().meta({ title: 'To', description: 'Only killmails of this day (UTC) and earlier.', flag: '--to-date <date>' }),
  maxPages: whole(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ title: 'Pages at most', description: 'Stop after this many counted pages.', flag: '--max-pages <n>' }),
  limit: whole(1, 200).default(100).meta({ title: 'Page size', description: 'Killmails per counted page.', flag: '--limit <n>' }),
  skipExisting: flag
    .default(true)
    .meta({ title: 'Skip stored ones', description: 'Skip killmails that are stored or that ESI refused.', flag: '--no-skip-existing' }),
  kills: flag.optional().meta({ title: 'Only kills', description: 'Only killmails where it attacked.', flag: '--kills' }),
  losses: flag.optional().meta({ title: 'Only losses', description: 'Only killmails where it was the victim.', flag: '--losses' }),
}

const options = z
  .strictObject(optionFields, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `is not an option; there are ${Object.keys(optionFields).join(', ')}` : undefined),
  })
  .refine((it) => !it.fromDate || !it.toDate || it.fromDate <= it.toDate, {
    path: ['fromDate'],
    error: 'must not be later than toDate',
  })

const idOf = (what: string, modes: string[]) =>
  id.optional().meta({
    title: `${what} id`,
    description: 'The number in the address of its page on zkillboard.com.',
    choice: { name: 'Whose killmails', option: what },
    when: { mode: modes },
  })

const fields = z.object(
  {
    characterId: idOf('Character', ['backfill', 'recent']),
    corporationId: idOf('Corporation', ['backfill']),
    allianceId: idOf('Alliance', ['backfill']),
    mode: z.enum(['backfill', 'recent', 'values'], { error: 'must be backfill, recent or values' }).default('backfill').meta({
      title: 'What to read',
      description:
        'backfill: the history of one character, corporation or alliance. recent: the newest killmails of a character. values: the ISK values of killmails stored without them.',
    }),
    options: options.prefault({}).meta({ title: 'Options', when: { mode: ['backfill'] } }),
  },
  { error: 'The request must be a JSON object such as {"characterId": 2117325769}.' },
)

export type BackfillParams = { mode: 'backfill'; options: z.infer<typeof options> } & Partial<Record<EntityField, number>>
export type RecentParams = { mode: 'recent'; characterId: number }
export type ValuesParams = { mode: 'values'; values: true }
export type EveParams = BackfillParams | RecentParams | ValuesParams

/** The fields that the request's mode uses; `{"values": true}` is short for that mode. */
function usedOf(raw: unknown, ctx: z.RefinementCtx): unknown {
  if (!isRecord(raw)) return raw
  const { mode, characterId, values } = raw
  if (mode === 'recent') return { mode, characterId }
  if (mode !== 'values' && values === undefined) return raw
  if (values !== undefined && values !== true) ctx.addIssue({ code: 'custom', path: ['values'], message: 'must be true' })
  return { mode: 'values' }
}

/** What a job of this source is started with. */
export const params: z.ZodType<EveParams> = z.preprocess(usedOf, fields).transform(({ mode, options, ...ids }, ctx): EveParams => {
  if (mode === 'values') return { mode, values: true }
  if (mode === 'backfill') {
    const named = Object.values(ids).filter((value) => value !== undefined)
    if (named.length !== 1)
      ctx.addIssue({
        code: 'custom',
        path: ['characterId'],
        message: 'or corporationId or allianceId must be given, exactly one of the three',
      })
    return { mode, ...ids, options }
  }
  if (ids.characterId !== undefined) return { mode, characterId: ids.characterId }
  ctx.addIssue({ code: 'custom', path: ['characterId'], message: 'must be a number' })
  return z.NEVER
})

/** What may be published to `zkillboard_character_queue`. */
export const recentRequest = z.preprocess((raw) => (isRecord(raw) ? { ...raw, mode: 'recent' } : raw), params)

/** The entity a backfill or sync is about. */
export function entityOf(it: BackfillParams | RecentParams): { field: EntityField; kind: EntityWord; id: number } {
  for (const field of Object.keys(ENTITIES) as EntityField[]) {
    const value = (it as BackfillParams)[field]
    if (value !== undefined) return { field, kind: ENTITIES[field], id: value }
  }
  throw new Refused('input', 'characterId or corporationId or allianceId must be given, exactly one of the three.', 'characterId')
}
