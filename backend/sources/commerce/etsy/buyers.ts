import { z } from 'zod'
import type { Json } from '../../../base/json'
import { maybeId, maybeText } from '../reading'
import type { CustomerRecord, OrderRecord } from '../store/records'

/*
 * Etsy has no list of customers: a buyer is known from receipts. Addresses are there only where Etsy allows the app to see them.
 */

const buyer = z.object({
  buyer_user_id: maybeId,
  name: maybeText,
  buyer_email: maybeText,
  city: maybeText,
  country_iso: maybeText,
})

const FIELDS = Object.keys(buyer.shape)

/** The buyer as the receipt of an order shows them, as new as the order is; null where it names none. */
export function buyerOf({ raw, createdAt }: OrderRecord): CustomerRecord | null {
  const its = buyer.safeParse(raw).data
  if (!its || its.buyer_user_id === null || its.buyer_user_id === '0') return null
  return {
    platformId: its.buyer_user_id,
    // Of several receipts the newest shows the buyer as they are now.
    updatedAt: createdAt,
    name: its.name,
    email: its.buyer_email,
    phone: null,
    city: its.city,
    country: its.country_iso,
    createdAt: null,
    ordersCount: null,
    currency: null,
    spentMinor: null,
    raw: Object.fromEntries(Object.entries(raw as Record<string, Json>).filter(([name]) => FIELDS.includes(name))),
  }
}
