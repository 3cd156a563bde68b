import { z } from 'zod'
import { fromDivisor } from '../money'
import { maybe, maybeCurrency, moneyOf, Unreadable } from '../reading'

/** Money as Etsy writes it: `amount / divisor`. */
export const money = z.object({ amount: z.int(), divisor: z.int().positive(), currency_code: maybeCurrency })
type Money = z.output<typeof money>
export const maybeMoney = maybe(money)

/** Reads the money of one document, all of it in one currency. */
export class Purse {
  readonly currency: string
  /** @throws {Unreadable} without a currency */
  constructor(first: Money) {
    if (first.currency_code === null) throw new Unreadable('no_currency', 'The money has no currency.')
    this.currency = first.currency_code
  }

  /** @throws {Unreadable} for money without a currency or of another one, and for no whole number of minor units */
  minor({ amount, divisor, currency_code: currency }: Money): number {
    if (currency === null) throw new Unreadable('no_currency', 'Some of the money has no currency.')
    if (currency !== this.currency) throw new Unreadable('mixed_currencies', `There is money in ${this.currency} and in ${currency}.`)
    return moneyOf(() => fromDivisor(amount, divisor, this.currency))
  }

  maybe(value: Money | null): number | null {
    return value && this.minor(value)
  }
}
