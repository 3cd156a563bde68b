import type { FailureKind } from '../../contract'

/** Whether trying again helps, by kind of failure. */
export const failures: Record<string, FailureKind> = {
  oauth: { again: 'may help', advice: 'Shopify refuses to give tokens: check SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET, then retry.' },
  token_refused: { again: 'may help', advice: 'Etsy refuses to refresh tokens: check ETSY_API_KEY, then retry.' },
  missing_scope: { again: 'may help', advice: 'The account has not granted what this needs: connect it again, then retry.' },
  forbidden: { again: 'may help', advice: 'The account may not read this: connect it again with the scopes, then retry.' },
  access_denied: {
    again: 'may help',
    advice: 'The app may not read this of the shop: grant the scope, connect the shop again, then retry.',
  },
  account_removed: { again: 'may help', advice: 'The account was removed: connect it again, then retry.' },
  file_host: { again: 'does not help', advice: "The file is on a host that is not Shopify's, and is not fetched from there." },
  graphql: {
    again: 'may help',
    advice: 'Shopify answered a query with an error: retry; if it comes again, an update of Backhaul is needed.',
  },
  bulk_query: { again: 'does not help', advice: 'Shopify does not take the bulk query: start a new job with the transport graphql.' },
  bulk_start: { again: 'helps', advice: 'Shopify did not start a bulk operation, as while another app runs one: retry later.' },
  bulk_lost: { again: 'helps', advice: 'Shopify has forgotten the bulk operation: a retry starts a new one.' },
  bulk_failed: { again: 'helps', advice: 'The bulk operation failed at Shopify: a retry starts a new one.' },
  bulk_line: { again: 'does not help', advice: 'A line of the file is longer than is read: start a new job with the transport graphql.' },
  bulk_file: { again: 'helps', advice: 'The file of the bulk operation cannot be read: a retry asks for a new one.' },
  outside_window: { again: 'may help', advice: 'The platform answered with entries of another time than was asked for: retry later.' },
  count_mismatch: {
    again: 'helps',
    advice: 'What was read is not what the platform counts, as when orders come in meanwhile: retry at a quiet time.',
  },
  window_too_dense: { again: 'does not help', advice: 'More happened in one second than the platform lists: the rest cannot be read so.' },
  not_read: { again: 'helps', advice: 'Tasks of this entity failed: retry those; this one then ends with them.' },
}
