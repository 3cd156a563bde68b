import { type Entry, type Take, withEntry } from './faults'

export const ETSY_FAULTS: Record<string, string> = {
  'etsy-second-429': 'HTTP 429 of the second: without Retry-After.',
  'etsy-day-429': 'HTTP 429 of the day: `x-remaining-today: 0`, and `seconds` (86,400) as Retry-After; a request meanwhile is a violation.',
  'etsy-401': 'HTTP 401 invalid_token, whatever the token.',
  'etsy-403-key': 'HTTP 403, as for a key without its shared secret.',
  'etsy-403-scope': 'HTTP 403 insufficient_scope.',
  'etsy-cut-header': 'The header `x-remaining-this-second` has lost its last letter.',
  'etsy-title-case': 'The status of receipts is in title case.',
  'etsy-count': 'A list says that it has `count` (12,101) entries.',
  'etsy-phantom': 'A list counts one entry that it never shows.',
  'etsy-duplicate-listings': 'The first `count` (13) listings of a state are listed and counted twice.',
  'etsy-no-transactions': 'The receipt number `entry` (0) of a page has no transactions.',
  'etsy-no-currency': 'The money of the receipt number `entry` (0) of a page has no currency.',
  'etsy-bad-entry': 'The entry number `entry` (0) of a page has no id.',
  'etsy-refresh-500': 'The token endpoint answers HTTP 500.',
  'etsy-refresh-revoked': 'The token endpoint answers HTTP 400 invalid_grant.',
  'etsy-refresh-lost': 'The token endpoint changes the tokens, then cuts the connection.',
  'etsy-consent-denied': 'The seller refuses to connect.',
}

const isMoney = (value: unknown): value is Entry => typeof value === 'object' && value !== null && 'currency_code' in value
const withoutCurrency = (receipt: Entry): Entry =>
  Object.fromEntries(
    Object.entries(receipt).map(([name, value]) => {
      if (!isMoney(value)) return [name, value]
      const { currency_code: _, ...money } = value
      return [name, money]
    }),
  )
const titled = (text: string): string => text.replace(/(^| )[a-z]/g, (letter) => letter.toUpperCase())

/** What the switched-on faults make of a page of a list. */
export function changedPage(take: Take, page: { count: number; results: Entry[] }): { count: number; results: Entry[] } {
  let { count, results } = page
  if (take('etsy-title-case')) results = results.map((one) => ('status' in one ? { ...one, status: titled(String(one.status)) } : one))
  results = withEntry(results, take('etsy-no-transactions'), (receipt) => ({ ...receipt, transactions: [] }))
  results = withEntry(results, take('etsy-no-currency'), withoutCurrency)
  results = withEntry(results, take('etsy-bad-entry'), ({ receipt_id: _, listing_id: __, entry_id: ___, ...rest }) => rest)
  const found = take('etsy-count')
  if (found) count = Number(found.count ?? 12_101)
  if (take('etsy-phantom')) count++
  return { count, results }
}
