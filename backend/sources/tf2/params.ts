import { z } from 'zod'
import { isRecord } from '../../base/json'
import { intentOf } from './ids'
import { itemNamed, type NamedItem } from './names'

/*
 * What may be asked for, in the words of the messages its users know.
 */

export const REQUEST_TYPES = ['FULL', 'BUY_ONLY', 'SELL_ONLY', 'SINGLE_ID'] as const
export type RequestType = (typeof REQUEST_TYPES)[number]

/** A request about all listings of an item, or one side of them. */
export interface ItemParams {
  request_type: 'FULL' | 'BUY_ONLY' | 'SELL_ONLY'
  item_defindex: number
  item_quality_id: number
  /** Only this item of the many that share the numbers. */
  item_name?: string
  /** Sellers with more matching items than this are skipped, and their rows kept. */
  max_inventory_size?: number
  /** Asks for every listing, also those whose row says what the snapshot says. */
  verify_all: boolean
}

export interface ListingParams {
  request_type: 'SINGLE_ID'
  listing_id: string
}

export type Tf2Params = ItemParams | ListingParams

const got = (input: unknown): string => (input === undefined ? '' : `, got ${JSON.stringify(input).slice(0, 60)}`)
const whole = (least: number) => {
  const error = ({ input }: { input?: unknown }) => `must be a whole number of at least ${least}${got(input)}`
  return z.number({ error }).int({ error }).min(least, { error })
}

/** An item is named by its two numbers or by its name; one listing by its id alone. */
const ofItem = (option: string) => ({
  choice: { name: 'Which item', option },
  when: { request_type: ['', 'FULL', 'BUY_ONLY', 'SELL_ONLY'] },
})

const fields = {
  request_type: z
    .enum(REQUEST_TYPES, { error: ({ input }) => `must be one of ${REQUEST_TYPES.join(', ')}${got(input)}` })
    .optional()
    .meta({
      title: 'Listings',
      description:
        'All listings of an item, its buy orders, its sell orders, or one listing by its id; FULL by default, SINGLE_ID with only an id.',
    }),
  item_defindex: whole(0)
    .optional()
    .meta({
      title: 'Item',
      description: 'Number of the item in the schema of the game: 190 for a Bat.',
      flag: '--defindex <number>',
      ...ofItem('By its numbers'),
    }),
  item_quality_id: whole(0)
    .optional()
    .meta({
      title: 'Quality',
      description: 'Number of the quality: 6 Unique, 11 Strange, 5 Unusual.',
      flag: '--quality <number>',
      ...ofItem('By its numbers'),
    }),
  item_name: z
    .string({ error: ({ input }) => `must be the name of an item${got(input)}` })
    .trim()
    .max(200, 'must be the name of an item')
    .optional()
    .meta({
      title: 'Name',
      description: 'Full name of the item, in place of its two numbers: Burning Flames Team Captain.',
      flag: '--name <name>',
      ...ofItem('By its name'),
    }),
  listing_id: z
    .string({ error: ({ input }) => `must be the id of a listing like 440_16525961480${got(input)}` })
    .optional()
    .meta({ title: 'Listing', description: 'Id of one listing: 440_16525961480.', when: { request_type: ['SINGLE_ID'] } }),
  max_inventory_size: whole(1).optional().meta({
    title: 'Largest inventory',
    description: 'Skip sellers that have more matching items than this, and keep their rows.',
    flag: '--max-inventory-size <number>',
  }),
  verify_all: z
    .boolean({ error: ({ input }) => `must be true or false${got(input)}` })
    .default(false)
    .meta({ title: 'Verify all', description: 'Ask for every listing, also those whose row equals the snapshot.', flag: '--verify-all' }),
}
const given = z.object(fields, { error: 'The request must be a JSON object such as {"item_defindex": 190, "item_quality_id": 11}.' })
type Given = z.infer<typeof given>

/** A field that is sent as null is left out. */
const withoutNulls = (raw: unknown): unknown =>
  isRecord(raw) ? Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null)) : raw

/** What is asked for where nobody says so: one listing when only its id is given, else everything. */
const typeOf = (it: Given): RequestType => it.request_type ?? (it.listing_id !== undefined && !namesItem(it) ? 'SINGLE_ID' : 'FULL')

const namesItem = (it: Given): boolean => it.item_defindex !== undefined || it.item_quality_id !== undefined || it.item_name !== undefined

type Context = z.RefinementCtx

function ofListing({ listing_id: id }: Given, ctx: Context): Tf2Params {
  const refuse = (message: string) => ctx.addIssue({ code: 'custom', path: ['listing_id'], message })
  if (id === undefined) refuse('is missing; SINGLE_ID needs the id of a listing like 440_16525961480')
  else if (!intentOf(id)) refuse(`must be 440_<asset id> or 440_<steam id>_<hash of the item's name>${got(id)}`)
  else return { request_type: 'SINGLE_ID', listing_id: id }
  return z.NEVER
}

/** The item of a request; undefined where a fault has been added. */
function itemOf(
  { item_name: text, item_defindex: defindex, item_quality_id: quality }: Given,
  ctx: Context,
): Partial<NamedItem> | undefined {
  const refuse = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message })
  if (text !== undefined) {
    const named = itemNamed(text)
    if (!named) refuse('item_name', `${got(text).replace(', got ', '')} is no item of Team Fortress 2; write it as backpack.tf does`)
    return named
  }
  if (defindex !== undefined && quality !== undefined) return { defindex, quality }
  if (quality !== undefined) refuse('item_defindex', 'is missing; name an item by item_defindex and item_quality_id, or by item_name')
  else if (defindex !== undefined)
    refuse('item_quality_id', 'is missing; name an item by item_defindex and item_quality_id, or by item_name')
  else refuse('item_defindex', 'item_defindex and item_quality_id are missing; name an item by both, or by item_name.')
  return undefined
}

function understand(it: Given, ctx: Context): Tf2Params {
  const type = typeOf(it)
  if (type === 'SINGLE_ID') return ofListing(it, ctx)
  const item = itemOf(it, ctx)
  if (item?.defindex === undefined || item.quality === undefined) return z.NEVER
  return {
    request_type: type,
    item_defindex: item.defindex,
    item_quality_id: item.quality,
    ...(item.name === undefined ? {} : { item_name: item.name }),
    // Buy orders have no inventory behind them.
    ...(it.max_inventory_size !== undefined && type !== 'BUY_ONLY' ? { max_inventory_size: it.max_inventory_size } : {}),
    verify_all: it.verify_all,
  }
}

/** What a job of this source is started with, and what may be published to `backpack-tf-backfill-requests`. */
export const params = z.preprocess(withoutNulls, given).transform(understand)

/** What is being backfilled: another type or filter is another job. */
export function subjectOf(it: Tf2Params): string {
  if (it.request_type === 'SINGLE_ID') return `SINGLE_ID:${it.listing_id}`
  const filter = it.max_inventory_size === undefined ? '' : `:max${it.max_inventory_size}`
  return `${it.request_type}:${it.item_defindex};${it.item_quality_id}${it.item_name === undefined ? '' : `:${it.item_name}`}${filter}`
}

/** What such a job reads, in words. */
export function label(it: Tf2Params): string {
  if (it.request_type === 'SINGLE_ID') return `listing ${it.listing_id}`
  const what = { FULL: 'all listings', BUY_ONLY: 'buy orders', SELL_ONLY: 'sell orders' }[it.request_type]
  return `${what} of ${it.item_name ?? `item ${it.item_defindex};${it.item_quality_id}`}`
}
