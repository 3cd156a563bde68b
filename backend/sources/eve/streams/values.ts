import { z } from 'zod'
import { Throttled } from '../../../base/errors'
import type { Io, Page, Reject, Step, Stream } from '../../../contract'
import { readOne } from '../client'
import type { EveParams } from '../params'
import type { Zkb } from '../records'
import { withoutValues, writeValues } from '../store'

const valuesCursor = z.object({
  /** Killmails up to this one are dealt with. */
  after: z.string().default('0'),
  /** zKillboard answered for this one with an empty list, which may be a fault of its own. */
  doubt: z.string().optional(),
})
type ValuesCursor = z.infer<typeof valuesCursor>
type Values = { id: string; zkb: Zkb }[]

const AT_ONCE = 20

async function read({ cursor }: Step<ValuesCursor, EveParams>, io: Io): Promise<Page<ValuesCursor, Values>> {
  const ids = await withoutValues(io.held, cursor.after, AT_ONCE)
  const batch: Values = []
  const rejected: Reject[] = []
  let next: ValuesCursor = cursor
  const page = (end: boolean) => ({ batch, next: end ? null : next, rejected })
  if (ids.length === 0) return page(true)
  for (const id of ids) {
    if (next !== cursor && !io.more()) break
    try {
      const found = await readOne(io, id)
      if (found?.zkb.totalValue != null) batch.push({ id, zkb: found.zkb })
      else if (next.doubt !== id) {
        next = { ...next, doubt: id }
        break
      } else rejected.push(rejectOf(id, found !== undefined))
      next = { after: id }
    } catch (error) {
      if (error instanceof Throttled && next !== cursor) break
      throw error
    }
  }
  return page(false)
}

const rejectOf = (id: string, isListed: boolean): Reject => ({
  key: id,
  reason: isListed ? 'no_values' : 'not_on_zkillboard',
  detail: isListed ? 'zKillboard lists it without values' : 'zKillboard answered twice with an empty list',
  raw: { killmail_id: Number(id) },
})

/** zKillboard's values of killmails that were stored without them, one request each. */
export const values: Stream<ValuesCursor, Values, EveParams> = {
  queue: 'zkillboard_backfill_queue',
  cursor: valuesCursor,
  read,
  write: writeValues,
}
