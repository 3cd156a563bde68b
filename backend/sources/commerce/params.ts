import { z } from 'zod'
import { ENTITIES } from './entities'
import { PLATFORMS, type Platform } from './store/records'
import { ENTITY_NAMES, type Entity } from './store/sync-jobs'

/*
 * What may be asked for: everything of a user's connected accounts, or what has changed since then.
 */

const MAX_USER_ID = 200

const got = (input: unknown): string => (input === undefined ? '' : `, got ${JSON.stringify(input).slice(0, 60)}`)

const userId = z
  .string({ error: ({ input }) => `must be the id of a user${got(input)}` })
  .trim()
  .min(1, 'must be the id of a user')
  .max(MAX_USER_ID, `must have at most ${MAX_USER_ID} characters`)
  // Ids are part of keys and of addresses.
  .regex(/^[A-Za-z0-9._@:-]+$/, 'must consist of letters, digits and . _ @ : -')

const oneOf = <const T extends readonly string[]>(values: T, what: string) =>
  z
    .array(z.enum(values, { error: ({ input }) => `must be one of ${values.join(', ')}${got(input)}` }), {
      error: ({ input }) => `must be a list of ${what}${got(input)}`,
    })
    .min(1, `must name at least one of ${values.join(', ')}; leave it out for all of them`)
    .transform((list) => [...new Set(list)])
    .optional()

const SPAN = /^([1-9]\d{0,3})([dmy])$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const isDay = (text: string): boolean => DAY.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text

const since = z
  .string({ error: ({ input }) => `must be a span like 2y, 18m or 90d, or a date like 2024-01-31${got(input)}` })
  .refine((text) => SPAN.test(text) || isDay(text), {
    error: ({ input }) => `must be a span like 2y, 18m or 90d, or a date like 2024-01-31${got(input)}`,
  })
  // Nothing would be read, and yet syncs would take it for a history that was read.
  .refine((text) => !isDay(text) || Date.parse(text) <= Date.now(), { error: ({ input }) => `must not be in the future${got(input)}` })
  .optional()

/** The first day that is wanted, ISO 8601. @param now ms since 1970 */
export function startOf(text: string, now: number): string {
  const [, count, unit] = SPAN.exec(text) ?? []
  if (count === undefined) return `${text}T00:00:00.000Z`
  const at = new Date(now)
  if (unit === 'd') at.setUTCDate(at.getUTCDate() - Number(count))
  else at.setUTCMonth(at.getUTCMonth() - Number(count) * (unit === 'y' ? 12 : 1))
  return at.toISOString()
}

export const LISTING_STATES = ['active', 'inactive', 'sold_out', 'draft', 'expired'] as const
const TRANSPORTS = ['bulk', 'graphql', 'rest'] as const
const KINDS = ['backfill', 'incremental', 'roll_up'] as const

const account = z.object({
  id: z.uuid(),
  platform: z.enum(PLATFORMS),
  shopId: z.string(),
  /** Where its reading starts; null: from the beginning. */
  from: z.string().nullable(),
  /** Incremental: where the reading of each entity starts; those that are missing were never read completely. */
  starts: z.partialRecord(z.enum(ENTITY_NAMES), z.string()),
})
export type PreparedAccount = z.infer<typeof account>

const prepared = z.object({
  /** What comes later is for the next sync. */
  to: z.string(),
  weight: z.number().positive(),
  accounts: z.array(account),
})
export type Prepared = z.infer<typeof prepared>

export const params = z.object(
  {
    userId: userId.meta({ title: 'User', description: 'Id of the user whose accounts are read.' }),
    platforms: oneOf(PLATFORMS, 'platforms').meta({
      title: 'Platforms',
      description: 'Only these platforms; empty: all that are connected.',
      flag: '--platform <names...>',
    }),
    entities: oneOf(ENTITY_NAMES, 'entities').meta({
      title: 'Entities',
      description: 'Only these: orders, listings, payments, products, customers; empty: all.',
      flag: '--entity <names...>',
    }),
    since: since.meta({
      title: 'Since',
      description: 'Orders and payments since then: 2y, 18m, 90d or a date; empty: since the shop was opened.',
      flag: '--since <span>',
    }),
    newestFirst: z
      .boolean({ error: ({ input }) => `must be true or false${got(input)}` })
      .default(false)
      .meta({ title: 'Newest first', description: 'Read the newest orders first.', flag: '--newest-first' }),
    listingStates: oneOf(LISTING_STATES, 'states of listings').meta({
      title: 'Listing states',
      description: 'Etsy: listings in these states; empty: active.',
      flag: '--listing-state <states...>',
    }),
    transport: z
      .enum(TRANSPORTS, { error: ({ input }) => `must be one of ${TRANSPORTS.join(', ')}${got(input)}` })
      .optional()
      .meta({
        title: 'Transport',
        description: 'Shopify: bulk operations, GraphQL pages or REST; empty: by the size and the kind of the shop.',
        flag: '--transport <name>',
      }),
    kind: z
      .enum(KINDS, { error: ({ input }) => `must be one of ${KINDS.join(', ')}${got(input)}` })
      .default('backfill')
      .meta({
        title: 'Kind',
        description: 'backfill: all history; incremental: what has changed since it was read; roll_up: only the figures by day.',
      }),
    prepared: prepared.optional().meta({ prepared: true }),
  },
  { error: 'The request must be a JSON object such as {"userId": "…"}.' },
)
export type CommerceParams = z.infer<typeof params>

/** A message on the queue of a platform is about that platform, unless it names others. */
export const paramsOf = (platform: Platform) => params.transform((it): CommerceParams => ({ ...it, platforms: it.platforms ?? [platform] }))

/** What is wanted of an account, in its order. */
export const entitiesOf = (platform: Platform, { entities }: Pick<CommerceParams, 'entities'>): readonly Entity[] =>
  ENTITIES[platform].filter((entity) => entities === undefined || entities.includes(entity))

/** What a request says once it has been prepared. @throws {Error} before that: a fault of the engine */
export function preparedOf({ prepared: it }: Pick<CommerceParams, 'prepared'>): Prepared {
  if (!it) throw new Error('a request is prepared before it is planned')
  return it
}

const WHAT = { backfill: 'history', incremental: 'changes', roll_up: 'figures by day' } as const

/** What such a job reads, in words. */
export function label({ kind, userId: user, platforms, entities }: CommerceParams): string {
  const what = entities && kind !== 'roll_up' ? `${kind === 'backfill' ? '' : 'changes of '}${entities.join(', ')}` : WHAT[kind]
  return `${what} of user ${user}${platforms ? ` on ${platforms.join(', ')}` : ''}`
}
