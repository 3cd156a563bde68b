import type { SandboxContext } from '../base/context'
import { type Ask, html, json, type Reply } from '../base/exchange'

export const TF2_FAULTS: Record<string, string> = {
  'no-listings': 'The snapshot lists nothing: `form` missing (default), null or empty.',
  'other-sku': 'The snapshot is of another item.',
  'no-date': 'The snapshot does not say when it was made.',
  'snapshot-age': 'The snapshot was made `seconds` ago (25,200); below 0 in the future.',
  'capped-snapshot': 'The snapshot shows at most `count` (30) listings of each side.',
  'no-asset-ids': 'Sell orders of the snapshot do not name their item.',
  'bad-listing': 'Listing number `entry` (0) of the snapshot breaks the schema.',
  'backpack-429': 'HTTP 429 with `seconds` (34), told by `form`: text (default), field, header, epoch or html.',
  'backpack-401': 'HTTP 401, invalid token.',
  'hidden-listing': 'HTTP 403 for one listing.',
  'other-listing': 'getListing answers with the listing `id`.',
  'private-inventory': 'HTTP 403 with null.',
  'broken-inventory': 'HTTP 500 with an error.',
  'partial-inventory': 'The inventory says it has items and shows none.',
  'steam-429': 'HTTP 429 with null, and `seconds` as Retry-After if given.',
}

/** A 429 of backpack.tf in one of its forms. */
export function refusal(form: unknown, seconds: number, now: number): Reply {
  if (form === 'html')
    return {
      ...html('<html><head><title>429 Too Many Requests</title></head></html>', 429),
      headers: { 'content-type': 'text/html', 'retry-after': String(seconds) },
    }
  if (form === 'header') return json({ message: 'Too many requests.' }, 429, { 'retry-after': String(seconds) })
  if (form === 'epoch') return json({ message: 'Too many requests.' }, 429, { 'retry-after': String(Math.ceil(now / 1000) + seconds) })
  if (form === 'field') return json({ message: 'Too many requests.', retry_after: seconds }, 429)
  return json(
    {
      message: `Request limit exceeded: this endpoint only allows 10 calls per 60 seconds per user account. Try again in ${seconds} seconds.`,
    },
    429,
  )
}

/** What takes the place of an answer of backpack.tf. */
export function faultedBackpack(context: SandboxContext, ask: Ask): Reply | undefined {
  const on = (name: string) => context.faults.take(name, 'backpacktf', ask)
  const busy = on('backpack-429')
  if (busy) return refusal(busy.form, Number(busy.seconds ?? 34), context.clock())
  if (on('backpack-401')) return json({ message: 'invalid token' }, 401)
  return undefined
}

/** What takes the place of an inventory. */
export function faultedSteam(context: SandboxContext, ask: Ask): Reply | undefined {
  const on = (name: string) => context.faults.take(name, 'steam', ask)
  if (on('private-inventory')) return json(null, 403)
  if (on('broken-inventory')) return json({ error: 'The request timed out (10)' }, 500)
  if (on('partial-inventory')) return json({ success: 1, total_inventory_count: 6 })
  const busy = on('steam-429')
  if (!busy) return undefined
  return json(null, 429, busy.seconds === undefined ? {} : { 'retry-after': String(busy.seconds) })
}
