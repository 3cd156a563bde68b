import type { ActiveFault } from '../base/faults'

export const SHOPIFY_FAULTS: Record<string, string> = {
  'shopify-throttled': 'GraphQL answers HTTP 200 with the error THROTTLED, and `available` (0) points left.',
  'shopify-429': 'HTTP 429 with `seconds` (2) as Retry-After.',
  'shopify-401': 'HTTP 401, whatever the token.',
  'shopify-version': 'The answer is that of another API `version` (2026-01).',
  'shopify-count': 'Counts say `count` (25,001) and AT_LEAST.',
  'shopify-midnight': 'The search of products matches the whole days of its bounds.',
  'shopify-denied': 'The `field` (customers) of a query, and its count, are denied, whatever the scopes.',
  'shopify-lost': 'The request is carried out, then the connection is cut.',
  'shopify-bulk-busy': 'No bulk operation is started: another one is in progress.',
  'shopify-bulk-fails':
    'A bulk operation fails with `errorCode` (INTERNAL_SERVER_ERROR) after a `share` (0.5) of its objects; its part comes `polls` (2) later.',
  'shopify-bulk-short': 'The file of a bulk operation lacks the `line` (1) that is counted from 0.',
  'shopify-bulk-malformed': 'The `line` (1) of the file of a bulk operation ends early.',
  'shopify-bulk-orphan': 'The `line` (1) of the file of a bulk operation belongs to an order that does not exist.',
  'shopify-bulk-cut': 'The file of a bulk operation lacks its last `bytes` (20), although it is complete.',
  'shopify-bulk-foreign-host': 'The file of a bulk operation is at another host.',
  'shopify-file-cut': 'The connection ends after half of a file, or of the part that was asked for.',
  'shopify-file-gone': 'HTTP 403, as for a file whose address is expired.',
  'shopify-range-ignored': 'HTTP 200 with the whole file, whatever part was asked for.',
  'shopify-refresh-500': 'The token endpoint answers HTTP 500.',
  'shopify-refresh-revoked': 'The token endpoint answers HTTP 400 invalid_grant.',
  'shopify-refresh-lost': 'The token endpoint changes the tokens, then cuts the connection.',
  'shopify-consent-denied': 'The seller refuses to connect.',
  'shopify-forged-callback': 'The signature of the redirect to the callback is wrong.',
}

/** The fault of this name if it happens to the request at hand. */
export type Take = (name: string) => ActiveFault | undefined
