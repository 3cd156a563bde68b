const { default: Sequencer } = require('@jest/test-sequencer')

/** A fresh clone has no timings to sort by: the longest files start first, and the others fill the time beside them. */
const LONGEST = [
  'stories/kills',
  'atproto/backfill',
  'stories/rabbitmq',
  'stories/dashboard',
  'atproto/refusals',
  'broker-node',
  'stories/atproto',
  'dashboard/dashboard',
  'stories/eve',
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
