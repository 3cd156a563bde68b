const { default: Sequencer } = require('@jest/test-sequencer')

/** A fresh clone has no timings to sort by: the longest files start first, and the others fill the time beside them. */
const LONGEST = [
  'stories/kills',
  'atproto/backfill',
  'stories/rabbitmq',
  'stories/dashboard',
  'tf2/backfill',
  'stories/atproto',
  'stories/eve',
  'dashboard/dashboard',
  'atproto/refusals',
  'stories/doubles',
  'stories/toastmasters',
  'broker-node',
  'atproto/lexicons',
  'stories/postgres',
  'stories/schedulers',
  'atproto/heads',
  'queues/broker.test',
  'new-source',
  'model/model',
  'engine/contract',
  'engine/lookups',
  'toastmasters/backfill',
  'gate/gate',
  'stories/pooler',
  'stories/tf2',
  'cli/process',
  'api/live',
  'service/export',
  'metrics-process',
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
