import { moneyOf, Unreadable } from './reading'

/** Reads the money of one document, all of it in one currency. */
export class Purse {
  readonly currency: string
  /** @throws {Unreadable} without a currency */
  constructor(currency: string | null) {
    if (currency === null) throw new Unreadable('no_currency', 'The money has no currency.')
    this.currency = currency
  }

  /**
   * @param read the amount in minor units of the currency
   * @throws {Unreadable} for money without a currency or of another one, and for what `read` refuses
   */
  protected read(currency: string | null, read: () => number): number {
    if (currency === null) throw new Unreadable('no_currency', 'Some of the money has no currency.')
    if (currency !== this.currency) throw new Unreadable('mixed_currencies', `There is money in ${this.currency} and in ${currency}.`)
    return moneyOf(read)
  }
}
