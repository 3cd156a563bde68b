/*
 * Money as whole minor units of its currency. No floating point: amounts are read digit by digit, and one that is no whole number of
 * minor units is refused.
 */

/** Decimals of currencies by ISO 4217, where they are not two. */
const DECIMALS: Record<string, number> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3]),
  ...'CLF UYW'.split(' ').map((code) => [code, 4]),
])

/** How many decimals a currency has: 2 of USD, 0 of JPY, 3 of KWD. Null, an unknown currency: 2. */
export function decimalsOf(currency: string | null): number {
  if (currency !== null && !/^[A-Z]{3}$/.test(currency))
    throw new Error(`${JSON.stringify(currency)} is not a currency: ISO 4217 has three capital letters.`)
  return DECIMALS[currency ?? ''] ?? 2
}

/** @throws {Error} beyond what a number holds exactly */
function exact(minor: bigint, from: string): number {
  const number = Number(minor)
  if (!Number.isSafeInteger(number)) throw new Error(`The amount ${from} is too large.`)
  return number
}

/** `digits / divisor` in minor units. */
function toMinor(digits: bigint, divisor: bigint, currency: string | null, from: string): number {
  const scaled = digits * 10n ** BigInt(decimalsOf(currency))
  if (scaled % divisor !== 0n) throw new Error(`The amount ${from} is no whole number of minor units of ${currency ?? 'its currency'}.`)
  return exact(scaled / divisor, from)
}

/**
 * Minor units of Etsy's `{amount, divisor}`.
 * @throws {Error} for what is no whole number of minor units
 */
export function fromDivisor(amount: number, divisor: number, currency: string | null): number {
  const from = `${amount}/${divisor}`
  if (!Number.isSafeInteger(amount) || !Number.isSafeInteger(divisor) || divisor < 1)
    throw new Error(`The amount ${from} is not a whole number by a divisor.`)
  return toMinor(BigInt(amount), BigInt(divisor), currency, from)
}

/**
 * Minor units of Shopify's decimal text: `12.50`, `-3`.
 * @throws {Error} for what is no decimal number, or no whole number of minor units
 */
export function fromDecimal(text: string, currency: string | null): number {
  const [, sign, whole, rest = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined) throw new Error(`${JSON.stringify(text)} is not a decimal number.`)
  return toMinor(BigInt(`${sign}${whole}${rest}`), 10n ** BigInt(rest.length), currency, text)
}

/**
 * Minor units of Printify's hundredths.
 * @throws {Error} as `fromDivisor`
 */
export const fromCents = (cents: number, currency: string | null): number => fromDivisor(cents, 100, currency)

/**
 * The share of an amount, `amount × part / whole`; a half is rounded to the larger absolute value, and a share of nothing is 0. Where a
 * platform reports only the amount of a refund, its tax is the share `taxMinor / totalMinor` of the order.
 */
export function shareOf(amount: number, part: number, whole: number): number {
  if (whole === 0) return 0
  const product = BigInt(amount) * BigInt(part)
  const isNegative = product < 0n !== whole < 0
  const divisor = BigInt(Math.abs(whole))
  const rounded = ((product < 0n ? -product : product) * 2n + divisor) / (divisor * 2n)
  return exact(isNegative ? -rounded : rounded, `${amount} × ${part} / ${whole}`) || 0
}
