import { type Entry, type Take, withEntry } from './faults'

export const PRINTIFY_FAULTS: Record<string, string> = {
  'printify-429': 'HTTP 429; with `seconds` as Retry-After if given. A request within a minute (or those seconds) is a violation.',
  'printify-401': 'HTTP 401, whatever the token.',
  'printify-consent-denied': 'The merchant does not allow the app.',
  'printify-token-500': 'HTTP 500 where tokens are asked for.',
  'printify-500': 'HTTP 500 with an error.',
  'printify-fifty': 'A list of orders has 50 a page.',
  'printify-bare-list': 'A list says its page and its data only.',
  'printify-absent-cost': 'The order number `entry` (0) of a page has lines without costs.',
  'printify-bad-order': 'The order number `entry` (0) of a page has no id.',
}

function withoutCosts(order: Entry): Entry {
  const lines = (order.line_items ?? []) as Entry[]
  return { ...order, line_items: lines.map(({ cost: _, shipping_cost: __, ...line }) => line) }
}

/** What the switched-on faults make of the entries of a page. */
export function changedEntries(take: Take, entries: Entry[]): Entry[] {
  const changed = withEntry(entries, take('printify-absent-cost'), withoutCosts)
  return withEntry(changed, take('printify-bad-order'), ({ id: _, ...rest }) => rest)
}
