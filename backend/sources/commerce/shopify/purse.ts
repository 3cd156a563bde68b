import { z } from 'zod'
import { fromDecimal } from '../money'
import { Purse } from '../purse'
import { maybe, maybeCurrency } from '../reading'

/** Money as Shopify writes it: decimal text; some amounts of REST are numbers. */
export const money = z.object({ amount: z.union([z.string(), z.number()]).transform(String), currencyCode: maybeCurrency })
export type Money = z.output<typeof money>
/** Money in the shop's currency and in the buyer's. The shop's is what is stored. */
export const bag = z.object({ shopMoney: money }).transform(({ shopMoney }) => shopMoney)
export const maybeBag = maybe(bag)

/** Reads the money of one document, all of it in the currency of the shop. */
export class ShopifyPurse extends Purse {
  /** @throws {Unreadable} for money without a currency or of another one, and for no whole number of minor units */
  minor({ amount, currencyCode }: Money): number {
    return this.read(currencyCode, () => fromDecimal(amount, this.currency))
  }

  maybe(value: Money | null): number | null {
    return value && this.minor(value)
  }
}
