const { default: Sequencer } = require('@jest/test-sequencer')

/** A fresh clone has no timings to sort by: the longest files start first, and the others fill the time beside them. */
const LONGEST = [
  'stories/commerce',
  'atproto/backfill',
  'dashboard/dashboard',
  'stories/eve',
  'stories/kills',
  'tf2/backfill',
  'engine/contract',
  'stories/dashboard',
  'stories/toastmasters',
  'commerce/etsy-backfill',
  'stories/rabbitmq',
  'atproto/lexicons',
  'commerce/etsy-faults',
  'broker-node',
  'console-job.',
  'stories/atproto',
  'console-charts',
  'cli/process',
  'atproto/refusals',
  'stories/tf2',
  'commerce/whole-seller',
  'engine/lookups',
  'console-tools',
  'new-source',
  'toastmasters/outage',
  'commerce/shopify-backfill',
  'atproto/routes',
  'commerce/etsy-large',
  'service/export',
  'stories/doubles',
  'toastmasters/rest',
  'model/model',
  'gate/gate',
  'api/live',
  'queues/broker.test',
  'stories/postgres',
  'stories/pooler',
  'metrics-process',
  'atproto/heads',
  'env-file',
  'pm2-secrets',
  'toastmasters/moving',
  'shopify-streams',
  'database/migrate',
  'toastmasters/faults',
  'tf2/waits',
  'etsy-sync',
  'cli/services',
  'api/timeline',
  'metrics/tracing',
  'accounts-work',
  'scripts/readme',
]

const place = ({ path }) => {
  const at = LONGEST.findIndex((part) => path.includes(part))
  return at < 0 ? LONGEST.length : at
}

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => place(a) - place(b))
  }
}
