import fc from 'fast-check'
import { fromCents, fromDecimal, fromDivisor, shareOf } from '../../../backend/sources/commerce/money'

const DECIMALS = { USD: 2, EUR: 2, JPY: 0, KRW: 0, KWD: 3, CLF: 4 }
const currency = fc.constantFrom(...(Object.keys(DECIMALS) as (keyof typeof DECIMALS)[]))
const minor = fc.maxSafeInteger()
const small = fc.integer({ min: -1e7, max: 1e7 })

/** Minor units as decimal text. */
function textOf(amount: number, decimals: number): string {
  const digits = String(Math.abs(amount)).padStart(decimals + 1, '0')
  const [whole, rest] = [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)]
  return `${amount < 0 ? '-' : ''}${whole}${rest && `.${rest}`}`
}

test('decimal text is read to the minor unit in every currency, also with zeros after it', () => {
  fc.assert(
    fc.property(minor, currency, fc.nat({ max: 3 }), (amount, code, zeros) => {
      const text = textOf(amount, DECIMALS[code])
      const longer = zeros === 0 ? text : `${text}${text.includes('.') ? '' : '.'}${'0'.repeat(zeros)}`
      expect(fromDecimal(longer, code)).toBe(amount)
    }),
  )
})

test('an amount by a divisor is the same money, whatever the divisor', () => {
  fc.assert(
    fc.property(fc.integer(), currency, fc.constantFrom(1, 10, 100, 1000), (amount, code, factor) => {
      expect(fromDivisor(amount * factor, 10 ** DECIMALS[code] * factor, code)).toBe(amount)
    }),
  )
})

test('hundredths are minor units by the currency', () => {
  expect(fromCents(1050, 'USD')).toBe(1050)
  expect(fromCents(1050, null)).toBe(1050)
  expect(fromCents(1000, 'JPY')).toBe(10)
  expect(fromCents(1050, 'KWD')).toBe(10_500)
})

test.each([
  [() => fromDecimal('1.005', 'USD'), '1.005 is no whole number of minor units of USD'],
  [() => fromDecimal('0.5', 'JPY'), 'no whole number'],
  [() => fromDecimal('1e3', 'USD'), '"1e3" is not a decimal number'],
  [() => fromDecimal('', 'USD'), 'not a decimal number'],
  [() => fromDecimal('90071992547409.92', 'USD'), 'too large'],
  [() => fromDivisor(1.5, 100, 'USD'), 'not a whole number'],
  [() => fromDivisor(1, 0, 'USD'), 'not a whole number'],
  [() => fromCents(1050, 'JPY'), 'no whole number'],
  [() => fromDecimal('1', 'usd'), '"usd" is not a currency'],
])('what is no money is refused: %#', (read, message) => {
  expect(read).toThrow(message)
})

test('a share differs by at most half a minor unit, has the sign of its factors, and the whole is the whole', () => {
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1 }), (amount, part, whole) => {
      const share = BigInt(shareOf(amount, part, whole))
      const off = 2n * (share * BigInt(whole) - BigInt(amount) * BigInt(part))
      expect((off < 0n ? -off : off) <= BigInt(whole)).toBe(true)
      expect(shareOf(amount, whole, whole)).toBe(amount)
      expect(shareOf(-amount, part, whole)).toBe(shareOf(amount, -part, whole))
    }),
  )
  expect(shareOf(5, 3, 0)).toBe(0)
})
