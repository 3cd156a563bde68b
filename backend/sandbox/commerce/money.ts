/*
 * Money in the commerce world is a whole number of minor units of the shop's currency.
 */

const EXPONENTS: Record<string, number> = { USD: 2, EUR: 2, GBP: 2, JPY: 0, KWD: 3 }

/** Decimal places of a currency. @throws {Error} for a currency that the world does not use */
export function exponentOf(currency: string): number {
  const exponent = EXPONENTS[currency]
  if (exponent === undefined) throw new Error(`the commerce world has no currency ${currency}`)
  return exponent
}

/** A price given in hundredths of a US dollar, as a plausible price in another currency. */
export function minorOf(cents: number, currency: string): number {
  if (currency === 'JPY') return Math.round((cents * 3) / 2)
  return currency === 'KWD' ? cents * 3 : cents
}

/** As decimal text: 1234 is `12.34` USD, `1234` JPY, `1.234` KWD. */
export function decimalOf(minor: number, currency: string): string {
  const exponent = exponentOf(currency)
  if (exponent === 0) return String(minor)
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0')
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}
