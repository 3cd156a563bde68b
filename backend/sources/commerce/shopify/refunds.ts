import { z } from 'zod'
import type { Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import { shareOf } from '../money'
import { maybe, maybeText, maybeTime, moneyOf, quantity, readEntry } from '../reading'
import type { RefundLineRecord, RefundRecord } from '../store/records'
import { GRAPHQL } from './form'
import { shopifyId } from './ids'
import { bag, maybeBag, ShopifyPurse } from './purse'

/*
 * Refunds of an order. Their lines are records of their own in every form: a bulk file cannot hold them, and an order may have more of
 * them than a page.
 */

export const refund = z.object({
  id: shopifyId,
  createdAt: maybeTime,
  processedAt: maybeTime,
  note: maybeText,
  totalRefundedSet: bag,
})

/** The order that a refund is of. */
export interface Paid {
  purse: ShopifyPurse
  totalMinor: number
  taxMinor: number | null
}

export function refundOf(its: z.output<typeof refund>, { purse, totalMinor, taxMinor }: Paid, raw: Json): RefundRecord {
  const amountMinor = purse.minor(its.totalRefundedSet)
  return {
    platformId: its.id,
    status: null,
    reason: its.note,
    createdAt: its.createdAt ?? its.processedAt,
    currency: purse.currency,
    amountMinor,
    // Shopify states the tax of refunded lines, but not that of refunded shipping.
    taxMinor: taxMinor === null ? null : moneyOf(() => shareOf(amountMinor, taxMinor, totalMinor)),
    lines: null,
    raw,
  }
}

const refundLine = z.object({
  id: maybe(shopifyId),
  quantity,
  lineItem: z.object({ id: shopifyId }),
  subtotalSet: maybeBag,
  totalTaxSet: maybeBag,
})

/** The refund that a line belongs to. */
export interface RefundRef {
  id: string
  /** Lines do not change after it. */
  createdAt: string | null
  /** Of its order. */
  currency: string | null
}

function lineOf(its: z.output<typeof refundLine>, { id: refundId, createdAt }: RefundRef, raw: Json): RefundLineRecord {
  const first = its.subtotalSet ?? its.totalTaxSet
  const purse = first && new ShopifyPurse(first.currencyCode)
  return {
    // Shopify's schema allows for lines without an id.
    platformId: its.id ?? `${refundId}/${its.lineItem.id}`,
    updatedAt: createdAt,
    refundId,
    lineItemId: its.lineItem.id,
    quantity: its.quantity,
    currency: purse?.currency ?? null,
    subtotalMinor: purse?.maybe(its.subtotalSet) ?? null,
    taxMinor: purse?.maybe(its.totalTaxSet) ?? null,
    raw,
  }
}

/** A line of a refund. @param form how it came */
export function readRefundLine(raw: unknown, of: RefundRef, form = GRAPHQL): RefundLineRecord | Reject {
  const read = (its: z.output<typeof refundLine>, json: Json) => lineOf(its, of, json)
  return readEntry({ kind: `line of refund ${of.id}`, idName: 'id', schema: refundLine, read }, raw, form.refundLine(raw, of.currency))
}
