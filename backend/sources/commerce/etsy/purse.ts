import { z } from 'zod'
import { fromDivisor } from '../money'
import { Purse } from '../purse'
import { maybe, maybeCurrency } from '../reading'

/** Money as Etsy writes it: `amount / divisor`. */
export const money = z.object({ amount: z.int(), divisor: z.int().positive(), currency_code: maybeCurrency })
type Money = z.output<typeof money>
export const maybeMoney = maybe(money)

/** Reads the money of one document, in the currency of its first amount. */
export class EtsyPurse extends Purse {
  /** @throws {Unreadable} without a currency */
  constructor(first: Money) {
    super(first.currency_code)
  }

  /** @throws {Unreadable} for money without a currency or of another one, and for no whole number of minor units */
  minor({ amount, divisor, currency_code: currency }: Money): number {
    return this.read(currency, () => fromDivisor(amount, divisor, this.currency))
  }

  maybe(value: Money | null): number | null {
    return value && this.minor(value)
  }
}
